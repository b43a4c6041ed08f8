"""Questions that people ask of any privacy or cookie policy; those that a policy answers are suggested."""

from __future__ import annotations

# By ISO 639-1, the same questions in the same order, plainest first; whether a policy answers one is found out by
# asking it.
SUGGESTIONS = {
    "en": (
        "What information do you collect about me?",
        "Do you share my personal data with others?",
        "How do I delete my data?",
        "What do you use cookies for?",
        "How long do you keep my data?",
        "Can I see and correct my information?",
        "How do I withdraw my consent?",
        "How do you protect my data?",
        "Is my data sent to other countries?",
        "Will you tell me when this policy changes?",
        "How old must I be to use the service?",
        "How can I contact you about privacy?",
    ),
    "ru": (
        "Какие данные обо мне вы собираете?",
        "Передаёте ли вы мои персональные данные третьим лицам?",
        "Как удалить мои данные?",
        "Для чего вы используете файлы cookie?",
        "Как долго вы храните мои данные?",
        "Можно ли посмотреть и исправить мои данные?",
        "Как отозвать согласие?",
        "Как вы защищаете мои данные?",
        "Передаются ли мои данные в другие страны?",
        "Сообщите ли вы мне об изменении этой политики?",
        "С какого возраста можно пользоваться сервисом?",
        "Как связаться с вами по вопросам конфиденциальности?",
    ),
    "es": (
        "¿Qué información recopilan sobre mí?",
        "¿Comparten mis datos personales con terceros?",
        "¿Cómo puedo eliminar mis datos?",
        "¿Para qué utilizan las cookies?",
        "¿Cuánto tiempo conservan mis datos?",
        "¿Puedo consultar y corregir mis datos?",
        "¿Cómo retiro mi consentimiento?",
        "¿Cómo protegen mis datos?",
        "¿Se envían mis datos a otros países?",
        "¿Me avisarán cuando cambie esta política?",
        "¿Qué edad debo tener para usar el servicio?",
        "¿Cómo puedo contactar con ustedes sobre la privacidad?",
    ),
    "zh": (
        "你们收集我的哪些信息？",
        "你们会与他人共享我的个人数据吗？",
        "如何删除我的数据？",
        "你们使用Cookie做什么？",
        "我的数据会保存多久？",
        "我可以查看和更正我的信息吗？",
        "如何撤回同意？",
        "你们如何保护我的数据？",
        "我的数据会传输到其他国家吗？",
        "政策变更时会通知我吗？",
        "使用该服务需要年满多少岁？",
        "如何就隐私问题联系你们？",
    ),
    "de": (
        "Welche Daten erheben Sie über mich?",
        "Geben Sie meine personenbezogenen Daten an andere weiter?",
        "Wie lösche ich meine Daten?",
        "Wofür verwenden Sie Cookies?",
        "Wie lange speichern Sie meine Daten?",
        "Kann ich meine Daten einsehen und berichtigen?",
        "Wie widerrufe ich meine Einwilligung?",
        "Wie schützen Sie meine Daten?",
        "Werden meine Daten in andere Länder übermittelt?",
        "Informieren Sie mich, wenn sich diese Richtlinie ändert?",
        "Wie alt muss ich sein, um den Dienst zu nutzen?",
        "Wie erreiche ich Sie zu Fragen des Datenschutzes?",
    ),
    "fr": (
        "Quelles informations recueillez-vous sur moi ?",
        "Partagez-vous mes données personnelles avec des tiers ?",
        "Comment supprimer mes données ?",
        "À quoi servent vos cookies ?",
        "Combien de temps conservez-vous mes données ?",
        "Puis-je consulter et corriger mes informations ?",
        "Comment retirer mon consentement ?",
        "Comment protégez-vous mes données ?",
        "Mes données sont-elles envoyées dans d'autres pays ?",
        "Me préviendrez-vous si cette politique change ?",
        "Quel âge faut-il avoir pour utiliser le service ?",
        "Comment vous contacter au sujet de la vie privée ?",
    ),
}


def suggested(language: str) -> tuple[str, ...]:
    """The questions in a language, in English where there are none in it.

    Args:
        language: ISO 639-1, with or without a region ("fr", "zh-CN").
    """
    return SUGGESTIONS.get(language.replace("_", "-").split("-")[0].casefold(), SUGGESTIONS["en"])
