"""Every error that a person can mend: one sentence that says what is wrong and what to do."""

from __future__ import annotations


class AssistantError(Exception):
    """Base of all errors that the doors (command line, web) show as they are."""


class PolicyFileError(AssistantError):
    """One policy file cannot be read; the others are not affected."""

    def __init__(self, file: str, wrong: str, remedy: str) -> None:
        super().__init__(f"{file}: {wrong}; {remedy}.")
        self.file, self.wrong, self.remedy = file, wrong, remedy


class CorpusError(AssistantError):
    """The corpus folder or its policies.csv cannot be used."""


class IndexMissingError(AssistantError):
    """There is no built index at the place that was named."""


class IndexStaleError(AssistantError):
    """The index was built from another corpus than the one that lies there now."""


class IndexDamagedError(AssistantError):
    """A file of the index is missing, cut short, changed or of another format."""


class EngineError(AssistantError):
    """The server that answers are searched in cannot be used as it is set up."""


class EncoderError(AssistantError):
    """The encoder's weights are missing or are not the ones that the index was built with."""


class QuestionError(AssistantError):
    """The question cannot be asked as it stands; its subclasses say why."""


class QuestionEmptyError(QuestionError):
    """The question has no words."""


class QuestionTooLongError(QuestionError):
    """The question has more characters than the settings allow."""


class UnknownPolicyError(QuestionError):
    """No policy has this id."""


class UnknownClauseError(QuestionError):
    """The policy has no clause of this number."""


class UnknownTopicError(QuestionError):
    """There is no topic of this id."""


class BusyError(AssistantError):
    """More is asked than can be answered just now."""

    def __init__(self, sentence: str, wait: int) -> None:
        """Says so.

        Args:
            sentence: for whoever asked.
            wait: seconds after which it is worth asking again.
        """
        super().__init__(sentence)
        self.wait = wait


class TooManyRequestsError(BusyError):
    """One client asks more often than the settings allow."""


class EvaluationError(AssistantError):
    """A file of judged questions cannot be used."""


class SettingsError(AssistantError):
    """A setting has no such name or not such a value."""


class FeedbackError(AssistantError):
    """The file of votes cannot be used, or what should go into it has not the form."""
