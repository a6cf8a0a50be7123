"""The grounding gate against seeded lies and true drafts, and a small unreliable model as the writer: python -m benchmarks.grounding.

gate_recall: share of false drafts stopped. gate_pass_true: share of true drafts let through. Both also for the half that was not looked
at while the gate was made (`_test`) and by kind. With the extra `chat`, SmolLM2 rephrases composed English replies:
writer_passed is the share of its drafts that went out, writer_ungrounded the share of what went out in which the judge, which shares
nothing with the gate, finds something ungrounded.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable

from benchmarks._report import print_report
from benchmarks.grounding_corpus import KINDS, Draft, false_drafts, fresh_drafts, true_drafts
from benchmarks.grounding_frames import frames
from benchmarks.grounding_judge import judge
from regulars.assist.compose import compose
from regulars.assist.rephrase import rephrase
from regulars.language.grounding import check
from regulars.language.local_models import BundledModel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=int, default=90, help="false drafts of each kind")
    parser.add_argument(
        "--rephrased", type=int, default=150, help="replies that the bundled model rephrases, when it is installed"
    )
    parser.add_argument("--show", action="store_true", help="print what the gate got wrong")
    arguments = parser.parse_args()
    false = false_drafts(arguments.seed, arguments.each)
    true = true_drafts(arguments.seed)
    start = time.perf_counter()
    stopped = [(draft, not check(draft.text, draft.frame).passed) for draft in false]
    passed = [(draft, check(draft.text, draft.frame).passed) for draft in true]
    spent = time.perf_counter() - start
    figures: dict[str, float] = {
        "gate_recall": _share(stopped),
        "gate_recall_test": _share(_part(stopped)),
        "gate_pass_true": _share(passed),
        "gate_pass_true_test": _share(_part(passed)),
        "gate_pass_hand": _share(_of(passed, "hand")),
        "gate_pass_template": _share(_of(passed, "template")),
        "false_drafts": len(false),
        "true_drafts": len(true),
        "gate_ms": 1000 * spent / (len(false) + len(true)),
    }
    for number, name in enumerate(("first", "second")):
        fresh_true, fresh_false = fresh_drafts(number)
        figures[f"recall_{name}_round"] = _share((one, not check(one.text, one.frame).passed) for one in fresh_false)
        figures[f"pass_{name}_round"] = _share((one, check(one.text, one.frame).passed) for one in fresh_true)
    figures |= {f"recall_{kind}": _share(_of(stopped, kind)) for kind in KINDS}
    # How much the judge sees: it is of use only if it accuses most lies and few truths.
    figures["judge_recall"] = _share((draft, not judge(draft.text, draft.frame).grounded) for draft in false)
    figures["judge_pass_true"] = _share((draft, judge(draft.text, draft.frame).grounded) for draft in true)
    sent = [compose(frame, str(number), number % 7) for number, frame in enumerate(frames(20))]
    accused = [
        (reply.text, opinion.accused)
        for reply, frame in zip(sent, frames(20), strict=True)
        if not (opinion := judge(reply.text, frame)).grounded
    ]
    figures["composed_replies"] = len(sent)
    figures["composed_accused"] = len(accused)
    if arguments.show:
        for draft, right in [*stopped, *passed]:
            if not right:
                print(
                    draft.origin,
                    draft.part,
                    draft.text.replace("\n", " / "),
                    check(draft.text, draft.frame).findings,
                    sep=" | ",
                )
        for text, why in accused[:40]:
            print("judge", text.replace("\n", " / "), why, sep=" | ")
    if BundledModel.installed():
        figures |= _with_writer(arguments.rephrased, arguments.show)
    else:
        print("The bundled chat model isn't installed (extra `chat`); its figures are left out.")
    print_report("grounding", figures)


def _with_writer(count: int, show: bool) -> dict[str, float]:
    model = BundledModel()
    replies = [frame for frame in frames(40, ("en",)) if len(frame.facts) < 5]
    replies = replies[:: max(1, len(replies) // count)][:count]
    outcomes: dict[str, int] = defaultdict(int)
    ungrounded = raw_ungrounded = drafts = 0
    for number, frame in enumerate(replies):
        said = rephrase(model, compose(frame, "writer", number).text, frame)
        outcomes[said.why or "passed"] += 1
        if said.draft is not None:
            drafts += 1
            raw_ungrounded += not judge(said.draft, frame).grounded
        opinion = judge(said.text, frame)
        ungrounded += not opinion.grounded
        if show and (not said.why or not opinion.grounded):
            print("writer", said.why, said.text.replace("\n", " / "), opinion.accused, sep=" | ")
    print("The writer:", dict(outcomes))
    return {
        "writer_replies": len(replies),
        "writer_drafts": drafts,
        "writer_passed": outcomes["passed"] / len(replies),
        "writer_stopped_ungrounded": outcomes["ungrounded"] / len(replies),
        "writer_draft_ungrounded": raw_ungrounded / max(drafts, 1),
        "writer_ungrounded": ungrounded / len(replies),
    }


def _share(rows: Iterable[tuple[Draft, bool]]) -> float:
    kept = [right for _, right in rows]
    return sum(kept) / len(kept) if kept else float("nan")


def _part(rows: Iterable[tuple[Draft, bool]]) -> list[tuple[Draft, bool]]:
    return [row for row in rows if row[0].part == "test"]


def _of(rows: Iterable[tuple[Draft, bool]], origin: str) -> list[tuple[Draft, bool]]:
    return [row for row in rows if row[0].origin == origin]


if __name__ == "__main__":
    main()
