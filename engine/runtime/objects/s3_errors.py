"""Errors of an S3 server, sorted into those that may pass and those that somebody has to fix."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from engine.contract import StepError
from engine.runtime.objects.remote import ObjectMissing, blocked, retryable
from engine.text.terminal import clean

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
EXISTS = frozenset({"412", "PreconditionFailed"})
NOT_CONDITIONAL = frozenset({"501", "NotImplemented"})

_SLOW = frozenset({"SlowDown", "503", "429", "ServiceUnavailable", "TooManyRequests", "Throttling"})
_KEYS = frozenset(
    {
        "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken",
        "InvalidToken", "AllAccessDisabled", "AccountProblem", "UnauthorizedAccess", "401",
    }
)  # fmt: skip
_FULL = frozenset(
    {
        "507", "QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "StorageFull",
        "XMinioAdminBucketQuotaExceeded", "BucketQuotaExceeded", "EntityTooLarge",
    }
)  # fmt: skip
_PASSING = frozenset(
    {
        "500", "502", "504", "InternalError", "RequestTimeout", "BadDigest", "InvalidDigest",
        "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody",
        "OperationAborted", "ConditionalRequestConflict", "409", "NoSuchUpload", "InvalidPart",
    }
)  # fmt: skip


def code_of(error: Any) -> str:
    """Return the code of an error of the client, as `NoSuchKey`."""
    return str(_details(error).get("Code", ""))


def _details(error: Any) -> Mapping[str, Any]:
    response = getattr(error, "response", None)
    details = response.get("Error", {}) if isinstance(response, dict) else {}
    return details if isinstance(details, dict) else {}


def _status(error: Any) -> int:
    metadata = error.response.get("ResponseMetadata", {})
    return int(metadata.get("HTTPStatusCode", 0) or 0)


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Raise the errors of the client as ours.

    Args:
        place: The store, for messages.

    Raises:
        ObjectMissing: The store has no such file.
        StepError: `Retryable` or `Blocked`.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
    )
    from botocore.exceptions import ConnectionError as NoConnection

    try:
        yield
    except ClientError as error:
        raise _of_the_server(error, place) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise blocked(
            f"There are no credentials for {place}.",
            "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the environment "
            "of the engine and start it again.",
        ) from error
    except (HTTPClientError, NoConnection) as error:
        is_late = "Timeout" in type(error).__name__
        what = "gave no answer in time" if is_late else "cannot be reached"
        raise retryable(f"{place} {what}.") from error
    except BotoCoreError as error:
        remedy = "Check [artifacts] and your AWS configuration."
        raise blocked(f"{place} cannot be used: {_words(error)}.", remedy) from error


def _of_the_server(error: Any, place: str) -> StepError | ObjectMissing:
    code, status = code_of(error), _status(error)
    if code in MISSING:
        return ObjectMissing()
    if code in _SLOW or status in {429, 503}:
        return retryable(f"{place} asks for fewer requests ({code}).", slow_down=True)
    if code in _FULL or status == 507:
        return blocked(
            f"{place} takes no more files ({code}).",
            "Raise its quota or remove files there; uploads then continue by themselves.",
        )
    if code == "RequestTimeTooSkewed":
        return blocked(
            f"{place} refuses this machine's clock: it differs too much from the server's.",
            "Set the clock of this machine; uploads then continue by themselves.",
        )
    if code == "NoSuchBucket":
        remedy = "Create the bucket, or change url in [artifacts]."
        return blocked(f"There is no bucket for {place}.", remedy)
    if code in _PASSING or status >= 500:
        return retryable(f"{place} failed: {code} {_message(error)}".strip() + ".")
    if code in _KEYS or status in {401, 403}:
        return blocked(
            f"{place} refuses the credentials ({code}).",
            "They need s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket, "
            "s3:ListBucketMultipartUploads, s3:ListMultipartUploadParts and "
            "s3:AbortMultipartUpload there; check AWS_PROFILE or the keys.",
        )
    message = f"{place} refuses: {code} {_message(error)}".strip()
    return blocked(f"{message}.", "Check url, endpoint and region of [artifacts].")


def _message(error: Any) -> str:
    return clean(str(_details(error).get("Message", "")), 200).rstrip(".")


def _words(error: Exception) -> str:
    return clean(str(error).partition("\n")[0], 200).rstrip(".")
