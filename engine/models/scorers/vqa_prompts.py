"""Prompts that ask a model whether an image shows a text, for VQAScore.

The question is that of the authors; the text around it depends on the model's training:

chat    the processor's own chat template, the image first
plain   the question alone (BLIP-2, InstructBLIP)
llava   the words that LLaVA 1.5 and CLIP-FlanT5 were trained with; the image is padded to a
        square with CLIP's mean colour
"""

from typing import TYPE_CHECKING, Any, Literal

from engine.models.scorers.preprocessing import OPENAI_MEAN

if TYPE_CHECKING:
    from PIL import Image

Template = Literal["auto", "chat", "plain", "llava"]

QUESTION = 'Does this figure show "{text}"? Please answer yes or no.'
YES_OR_NO = "{text} Please answer yes or no."
ANSWER = "Yes"
SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
_MEAN_COLOUR = tuple(int(part * 255) for part in OPENAI_MEAN)


def settled_template(template: Template, processor: Any) -> Template:
    """Return a template, with `auto` resolved: the chat template if the processor has one."""
    if template != "auto":
        return template
    return "chat" if getattr(processor, "chat_template", None) else "plain"


def asked(text: str, template: Template, processor: Any, question: str = QUESTION) -> str:
    """Return the whole prompt about a text, as the model gets it.

    Args:
        text: The text.
        template: A settled template.
        processor: The model's processor.
        question: What is asked about the text: `QUESTION`, or `YES_OR_NO` for a text that is a
            question itself.
    """
    question = question.format(text=_plain(text, processor))
    if template == "chat":
        content = [{"type": "image"}, {"type": "text", "text": question}]
        messages = [{"role": "user", "content": content}]
        return str(processor.apply_chat_template(messages, add_generation_prompt=True))
    if template == "llava":
        return f"{SYSTEM} USER: {_image_token(processor)}\n{question} ASSISTANT:"
    return question


def opposite(answer: str) -> str:
    """Return the answer that means no, written as the one that means yes; empty if none is known.

    A model that is asked to answer yes or no writes both alike, for example `Yes` and `No`.
    """
    if answer.strip().casefold() != "yes":
        return ""
    word = answer.strip()
    return answer.replace(word, "NO" if word.isupper() else "No" if word.istitle() else "no")


def shown(image: "Image.Image", template: Template) -> "Image.Image":
    """Return the image as the model gets it."""
    if template != "llava" or image.width == image.height:
        return image
    from PIL import Image

    side = max(image.size)
    square = Image.new("RGB", (side, side), _MEAN_COLOUR)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


def _plain(text: str, processor: Any) -> str:
    """Return a text without special tokens of a tokenizer.

    A prompt with `<image>` in it would announce one more image to the model than there is.
    """
    signs = {_image_token(processor), *processor.tokenizer.all_special_tokens}
    for sign in sorted(signs, key=len, reverse=True):
        if not sign.isalnum():
            text = text.replace(sign, " ")
    return text


def _image_token(processor: Any) -> str:
    token = getattr(processor, "image_token", None) or "<image>"
    return str(getattr(token, "content", token))
