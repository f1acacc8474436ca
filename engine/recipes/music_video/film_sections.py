"""Sections of a film: their plan, together with what the song is like there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.recipes.music_video.direction import Direction, DirectRequest, SongSection
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.spec import (
    GlobalStyle,
    LyricsDisplay,
    RenderSpec,
    SectionSpec,
    fitted,
)
from engine.recipes.music_video.steps import Song
from engine.recipes.music_video.vocabulary import DEFAULT_TRANSITION, Source
from engine.video.plan import Transition


@dataclass(frozen=True, slots=True)
class FilmSection:
    """A section of the film.

    Attributes:
        index: Its number, from 0.
        spec: Its plan.
        song: The section of the song that it shares the most time with.
        first: Index of the first section that sounds like it and has its theme; its own if it is
            new.
        source: Source of its frames.
        transition: Transition into it.
        effects: Amounts of effects that an operator has set, by their words.
    """

    index: int
    spec: SectionSpec
    song: SongSection
    first: int
    source: Source
    transition: Transition
    effects: Mapping[str, float] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """Its number for people and in keys, from 1."""
        return self.index + 1

    @property
    def name(self) -> str:
        """Its label with its number."""
        return f"section {self.number} ({self.spec.label})"

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.spec.end_time - self.spec.start_time

    @property
    def is_repeat(self) -> bool:
        """True if an earlier section sounds like it and has its theme."""
        return self.first != self.index


def spec_of(
    direction: Direction, song: Song, base: RenderSpec | None, settings: MusicVideoSettings
) -> RenderSpec:
    """Return the render spec of a film.

    Fields that a person has written in a spec to start from win over the direction.

    Args:
        direction: The plan of the director.
        song: The song.
        base: A render spec to start from.
        settings: The settings.
    """
    written = _by_place(base.sections if base else (), song.sections)
    sections = []
    for section, plan in zip(song.sections, direction.sections, strict=True):
        planned = SectionSpec(
            label=section.label,
            start_time=round(section.start, 4),
            end_time=round(section.end, 4),
            theme=plan.theme,
            mood=plan.mood,
            energy=section.energy,
            color_palette=plan.palette,
            motion_style=plan.motion,
            intensity=plan.intensity,
            ai_prompt=plan.prompts[0],
            keyframe_prompts=plan.prompts[1:],
            transition_in=plan.transition,
            visual_elements=plan.elements,
            visual=plan.visual,
            source=_source(settings),
        )
        sections.append(_kept(planned, written.get(section.index)))
    return RenderSpec(
        global_style=_style(direction, song, base, settings),
        sections=tuple(sections),
        export_settings=settings.exported(base.export_settings if base else None),
    )


def _by_place(
    written: Sequence[SectionSpec], sections: Sequence[SongSection]
) -> dict[int, SectionSpec]:
    """Return the sections that a person has written by the index of the song's section.

    The song's sections were marked at their starts; the first one starts at 0 all the same.
    """
    starts = {round(one.start, 3): one.index for one in sections[1:]}
    ordered = sorted(written, key=lambda one: one.start_time)
    places = {starts.get(round(one.start_time, 3)): one for one in ordered[1:]}
    kept = {index: one for index, one in places.items() if index is not None}
    return {0: ordered[0], **kept} if ordered else {}


def is_planned(base: RenderSpec | None) -> bool:
    """Return whether a spec to start from leaves nothing to plan."""
    if base is None or not base.sections or not base.global_style.shader_description:
        return False
    return all(section.ai_prompt for section in base.sections)


def _source(settings: MusicVideoSettings) -> Source:
    return settings.tier or ("video" if settings.video else "keyframes")


def _kept(planned: SectionSpec, hand: SectionSpec | None) -> SectionSpec:
    """Return a planned section with the fields that a person has written."""
    if hand is None:
        return planned
    times = {"start_time", "end_time"}
    words = {name: getattr(hand, name) for name in hand.model_fields_set - times}
    if words.get("ai_prompt") == "":
        del words["ai_prompt"]
    if "ai_prompt" in words and "keyframe_prompts" not in words:
        words["keyframe_prompts"] = ()
    return planned.model_copy(update=words)


def _style(
    direction: Direction, song: Song, base: RenderSpec | None, settings: MusicVideoSettings
) -> GlobalStyle:
    planned = GlobalStyle(
        template=settings.template,
        shader_description=direction.style,
        style_modifiers=direction.modifiers,
        recurring_motifs=direction.motifs,
        lyrics_display=LyricsDisplay(enabled=settings.lyrics and bool(song.lyrics)),
    )
    if base is None:
        return planned
    written = base.global_style
    return planned.model_copy(
        update={name: getattr(written, name) for name in written.model_fields_set}
    )


def film_sections(
    spec: RenderSpec, song: Song, settings: MusicVideoSettings
) -> tuple[FilmSection, ...]:
    """Return the sections of a film, which cover the song, from an approved spec."""
    plans = fitted(spec.sections, song.seconds)
    nearest = [_shared(plan, song.sections) for plan in plans]
    groups = [
        (one.index if one.repeat_of is None else one.repeat_of, plan.theme)
        for one, plan in zip(nearest, plans, strict=True)
    ]
    return tuple(
        FilmSection(
            index=index,
            spec=plan,
            song=nearest[index],
            first=groups.index(groups[index]),
            source=settings.tier or plan.source,
            transition=_transition(plans, index),
        )
        for index, plan in enumerate(plans)
    )


def _shared(plan: SectionSpec, sections: Sequence[SongSection]) -> SongSection:
    """Return the section of a song that a plan shares the most time with."""
    return max(
        sections,
        key=lambda one: min(plan.end_time, one.end) - max(plan.start_time, one.start),
    )


def _transition(plans: Sequence[SectionSpec], index: int) -> Transition:
    """Return the transition into a section: its own, else that out of the one before."""
    into = plans[index].transition_in
    if into != DEFAULT_TRANSITION or index == 0:
        return into
    return plans[index - 1].transition_out


def direct_request(
    song: Song,
    settings: MusicVideoSettings,
    *,
    title: str,
    artist: str,
    brief: str,
    seed: int,
) -> DirectRequest:
    """Return the request for the plan of a song's film."""
    return DirectRequest(
        title=title,
        artist=artist,
        brief=brief,
        template=settings.template,
        style=settings.all_templates()[settings.template],
        words=settings.style,
        seconds=song.seconds,
        bpm=song.bpm,
        key=song.key,
        sections=song.sections,
        keyframes=settings.keyframes,
        seed=seed,
    )
