"""The topics that clauses can be browsed by, each with questions that its clauses answer."""

from __future__ import annotations

from typing import NamedTuple

from assistant.errors import UnknownTopicError


class Topic(NamedTuple):
    """Something that clauses of most policies are about."""

    # As it stands in an address.
    id: str
    # As people read it.
    title: str


# What a clause of each topic answers. The encoder was tuned on pairs of question and clause, so questions tell better
# than keywords what a clause is about, and in every language that the encoder knows.
_QUESTIONS: dict[Topic, tuple[str, ...]] = {
    Topic("collected", "Data collected"): (
        "What personal information do you collect about me?",
        "What data do I have to give when I create an account or order?",
        "What do you record automatically when I use the website or the app?",
        "Do you get information about me from other sources?",
        "Does the app use my camera, microphone, contacts or location?",
        "Which data about my device, browser and visits are logged?",
        "Do you record calls, pictures or videos?",
    ),
    Topic("use", "Use"): (
        "What do you use my personal data for?",
        "For what purposes do you process my information?",
        "What is the legal basis for processing my data?",
        "Do you make automated decisions or profiles with my data?",
        "Do you use my data for marketing and advertising?",
        "Do you use my data to improve or secure the service?",
    ),
    Topic("sharing", "Sharing"): (
        "Who do you share my personal data with?",
        "Do you sell my data to third parties?",
        "Which companies and service providers receive my information?",
        "Do you give information to the police, courts or authorities?",
        "What happens to my data if the company is sold or merged?",
        "Who can see what I post or what is in my profile?",
        "Do advertisers or partners get my data?",
    ),
    Topic("cookies", "Cookies"): (
        "Which cookies do you use?",
        "What are cookies?",
        "How do I refuse, delete or manage cookies?",
        "Do you use web beacons, pixels, local storage or similar technologies?",
        "How long does each cookie last?",
        "What are analytics and advertising cookies for?",
    ),
    Topic("retention", "Retention"): (
        "How long do you keep my data?",
        "When is my information deleted or erased?",
        "How many days, months or years are records and logs stored?",
        "How long are messages and recordings kept?",
        "What happens to my data after I close my account?",
    ),
    Topic("security", "Security"): (
        "How do you protect my data?",
        "Is my information encrypted and stored securely?",
        "What happens if there is a data breach?",
        "Which employees have access to my data?",
    ),
    Topic("rights", "Rights and choices"): (
        "What rights do I have over my data?",
        "How can I see, correct or get a copy of my information?",
        "How do I delete my data or close my account?",
        "How do I withdraw my consent?",
        "How do I opt out of marketing e-mails and newsletters?",
        "How long do you take to answer my request?",
        "Can I complain to a data protection authority?",
    ),
    Topic("children", "Children"): (
        "Do you collect data from children?",
        "How old must I be to use the service?",
        "What can parents do about their child's information?",
        "Does a child need a parent's permission?",
    ),
    Topic("transfers", "Transfers abroad"): (
        "Is my data sent to other countries?",
        "In which country is my data stored?",
        "How is my data protected when it is transferred abroad?",
    ),
    Topic("changes", "Changes"): (
        "Will you tell me when this policy changes?",
        "When was this policy last updated?",
        "How are changes to the privacy policy announced?",
    ),
    Topic("contact", "Contact"): (
        "How can I contact you about privacy?",
        "Who is your data protection officer?",
        "What is the address, e-mail or phone number for privacy questions?",
        "Who is the controller responsible for my data?",
    ),
}
# What clauses of no topic answer.
_OTHERS = (
    "What does this policy cover?",
    "Which law applies and which court decides disputes?",
    "Do you answer for other websites that you link to?",
    "What do the words in this policy mean?",
    "How are terms such as personal data and processing defined?",
    "Who are you and what is this service?",
    "What happens if I accept this policy?",
)

TOPICS = tuple(_QUESTIONS)
# Per topic its questions, and last those of no topic.
QUESTIONS = (*_QUESTIONS.values(), _OTHERS)


def find_topic(id: str) -> Topic:
    """The topic with this id.

    Raises:
        UnknownTopicError: there is none.
    """
    found = next((topic for topic in TOPICS if topic.id == id), None)
    if found is None:
        raise UnknownTopicError(f"There is no topic {id!r}; the topics are {', '.join(topic.id for topic in TOPICS)}.")
    return found
