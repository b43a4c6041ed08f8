"""Policies that tests of names are put to: the customer's five, and companies of every other sort of name."""

from __future__ import annotations

from assistant.types import Policy

FIVE = (
    Policy("i2istudy-privacy-policy", "i2istudy", "Privacy Policy", effective_date="2014-05", language="en"),
    Policy("italki-cookie-notice-2024", "italki", "Cookie Notice", effective_date="2024-10-14", language="en"),
    Policy("italki-privacy-policy-2018", "italki", "Privacy Policy", "2018.5.7", "2018-05-07", "en"),
    Policy("unistudy-privacy-policy", "Unistudy", "Privacy Policy", language="en", source_url="https://unistudy.me"),
    Policy("unnamed-privacy-policy", "", "Privacy policy", language="en"),
)
I2ISTUDY, COOKIES, PRIVACY, UNISTUDY, UNNAMED = (policy.id for policy in FIVE)
ITALKI = {COOKIES, PRIVACY}

SOFTWARE = (
    Policy("37signals-ccpa-notice", "37signals", "California Resident Notice at Collection"),
    Policy("37signals-dpa-2020-10", "37signals", "Data Processing Addendum", effective_date="2020-10"),
    Policy("37signals-dpa-2022-12", "37signals LLC", "Data Processing Addendum", effective_date="2022-12"),
    Policy(
        "37signals-privacy-policy", "37signals", "Privacy policy", source_url="https://github.com/basecamp/policies"
    ),
    Policy("37signals-security-overview", "37signals", "Security Overview"),
    Policy("firefox-privacy-notice", "Mozilla", "Firefox Privacy Notice", language="en"),
    Policy("github-candidate-privacy-policy", "GitHub, Inc.", "GitHub Global Data Privacy Notice for Candidates"),
    Policy("github-cookies", "GitHub", "GitHub Cookies"),
    Policy("github-general-privacy-statement", "GitHub", "GitHub General Privacy Statement"),
    Policy("mozilla-accounts-privacy-notice", "Mozilla", "Mozilla Accounts Privacy Notice", language="en"),
    Policy("mozilla-accounts-privacy-notice.ru", "Mozilla", "Уведомление о конфиденциальности", language="ru"),
    Policy("mozilla-privacy-policy", "Mozilla Corporation", "Mozilla Privacy Policy", language="en"),
    Policy("mozilla-privacy-policy.zh-CN", "Mozilla", "Mozilla 隐私权政策", language="zh"),
)

ORDINARY = (
    Policy("p1", "Apple", "Privacy Policy"),
    Policy("p2", "A Medium Corporation", "Privacy Policy", source_url="https://medium.com/policy"),
    Policy("p3", "Slack Technologies, LLC", "Privacy Policy"),
    Policy("p4", "Target Corporation", "Privacy Policy", source_url="https://www.target.com/privacy"),
    Policy("p5", "IBM", "Privacy Statement"),
    Policy("p6", "HP Inc.", "Privacy Statement"),
    Policy("p7", "Google LLC", "Privacy Policy"),
    Policy("p8", "Macy's, Inc.", "Notice of Privacy Practices"),
    Policy("p9", "AT&T", "Privacy notice"),
    Policy("theatlantic-com", "", "Privacy Policy"),
    Policy("dogbreedinfo-com", "", "Privacy Policy"),
)


def ids(policies: tuple[Policy, ...], *starts: str) -> set[str]:
    """Ids of the policies whose id starts with one of `starts`."""
    return {policy.id for policy in policies if policy.id.startswith(starts)}
