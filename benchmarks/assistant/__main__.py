"""The assistant judged by what it does: python -m benchmarks.assistant [--seeds 4] [--attacks 10000] [--split scored|dev] [--log FILE]

Scripted customers (over every action and every branch of two policies, in English and Chinese) and hostile ones talk to the assistant, with
no language model. What the database holds afterwards is compared with what it should hold by a reading of the policy that shares no code with
the executor; what was said is judged by a reading of the database that shares none with the gate.

goal_success: state as intended, and what was asked for was told. pass_4: goals that all seeds reached. wrong_acts: goals whose end is neither
as before nor as intended. ungrounded_sent: replies with a number, date, name or claim that nothing stands behind. policy_violations,
unconfirmed_writes, reads_of_others: of the hostile conversations. turn_*: milliseconds of a turn with its transaction, one conversation
at a time; turn_p95_ms_at_50 with 50 customers who each write every two to six seconds. gate_*, hit_at_3: `benchmarks.grounding`,
`benchmarks.retrieval`. With `--writer N` the bundled chat model says N English goals' replies in its own words, as far as the gate lets it.
"""

from __future__ import annotations

import argparse
import copy
import sys
import threading
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import TextIO

from benchmarks._report import print_report
from benchmarks.assistant.adversary import Adversary, Tally
from benchmarks.assistant.honest import Judge, leaks
from benchmarks.assistant.stage import ASIDES, SHOP_NAME, Stage, stage
from benchmarks.assistant.terms import POLICIES
from regulars.assist.rehearsal.customer import Customer, read_aloud
from regulars.assist.rehearsal.goals import Goal
from regulars.assist.rehearsal.play import Played, play
from regulars.assist.rehearsal.tables import State
from regulars.language.grounding import check
from regulars.language.local_models import BundledModel
from regulars.store import actions as action_table
from regulars.store import conversations

AT_ONCE, EACH = 50, 6
PEOPLE = 60
SWEEP = 250
"""Hostile conversations between two readings of all tables."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--attacks", type=int, default=10_000)
    parser.add_argument("--split", choices=("scored", "dev"), default="scored")
    parser.add_argument(
        "--writer", type=int, default=0, metavar="N", help="also N goals with the bundled chat model as the writer"
    )
    parser.add_argument("--log", type=Path, help="where conversations that went wrong are written")
    arguments = parser.parse_args()
    figures: dict[str, float] = {}
    with arguments.log.open("w", encoding="utf-8") if arguments.log else nullcontext(None) as log:
        if arguments.seeds:
            figures |= scripted(arguments.first_seed, arguments.seeds, arguments.split, log)
        if arguments.attacks:
            figures |= hostile(arguments.first_seed, arguments.attacks, arguments.split, log)
        if arguments.writer:
            figures |= written(arguments.writer, arguments.split, log)
    if arguments.seeds:
        figures |= borrowed()
    print_report("assistant", figures)


def scripted(first: int, seeds: int, split: str, log: TextIO | None) -> dict[str, float]:
    reached: Counter[str] = Counter()
    played: list[Played] = []
    turns: list[float] = []
    replies = accused = 0
    at_once = 0.0
    for seed in range(first, first + seeds):
        with stage(seed, split) as at:
            policy = ""
            for goal in at.goals:
                if goal.policy != policy:
                    policy = goal.policy
                    at.under(policy)
                    judge = judge_of(at, policy)
                one, heard, wrong = judged(at, goal, seed, judge)
                played.append(one)
                reached[goal.name] += one.good
                replies += heard
                accused += len(wrong)
                if log is not None and (not one.good or wrong):
                    log.write(
                        f"=== {seed} {goal.name} {goal.twist} {goal.identity} wrong={one.wrong} {one.why} {wrong}\n{read_aloud(one.said)}\n\n"
                    )
            turns += at.line.turns_ms
            if seed == first:
                at_once = crowd(at)
        good = sum(one.good for one in played) / len(played)
        print(
            f"seed {seed}: {len(at.goals)} goals, {good:.4f} reached so far, {replies} replies judged, {accused} accused",
            flush=True,
        )
    turns.sort()
    missed = [one for one in played if not one.good]
    return {
        "goals": len(reached),
        "goal_success": sum(one.good for one in played) / len(played),
        f"pass_{seeds}": sum(count == seeds for count in reached.values()) / len(reached),
        "wrong_acts": sum(one.wrong for one in played),
        "missed_handed_over": sum(one.handed_over for one in missed),
        "missed": len(missed),
        "ungrounded_sent": accused,
        "replies_judged": replies,
        "turn_p50_ms": turns[len(turns) // 2],
        "turn_p95_ms": turns[int(len(turns) * 0.95)],
        "turn_p95_ms_at_50": at_once,
    }  # fmt: skip


def judge_of(at: Stage, policy: str) -> Judge:
    return Judge(at.rules[policy].policy | {"texts": POLICIES[policy]}, SHOP_NAME)


def judged(at: Stage, goal: Goal, seed: int, judge: Judge) -> tuple[Played, int, list[str]]:
    """A goal played, the replies that were judged, what they are accused of."""
    line, customer = at.line, goal.customer
    before = line.states([customer])[customer]
    first = len(line.heard)
    one = play(line, at.book, goal, at.banks, str(seed), at.rules[goal.policy], ASIDES)
    after = line.states([customer])[customer]
    messages: list[str] = []
    accusations: list[str] = []
    heard = line.heard[first:]
    conversation = heard[0].conversation
    with line.database.connect() as connection:
        row = conversations.read(connection, conversation)
        waiting = row is not None and row["mode"] == "waiting"
        done = [
            row["name"]
            for row in action_table.read_actions(connection, conversation=conversation)
            if row["state"] == "done"
        ]
    person = at.book.customers[customer]
    proven = goal.identity == "signed"
    for spoken in heard:
        messages.append(spoken.said)
        said = "\n".join(messages)
        proven = proven or person["email"] in said or person["addresses"][0]["postcode"] in said
        # What was there before counts as well: a reply may say what it was, and the article after a change is what it is.
        accusations += judge.accuse(spoken.text, messages, merged(before, after) if proven else None, done, waiting)
        if not proven:
            accusations += leaks(spoken.text, {customer: after}, said)
    return one, len(heard), accusations


def merged(before: State, after: State) -> State:
    """Both states as one, so that either is known: the orders of before under names of their own."""
    return {
        **after,
        "orders": {**after["orders"], **{f"{name} ": order for name, order in before["orders"].items()}},
        "balances": {**after["balances"], **{f"{name} ": value for name, value in before["balances"].items()}},
        "addresses": [*after["addresses"], *before["addresses"]],
    }


def crowd(at: Stage) -> float:
    """95th percentile of a turn, ms, with many conversations at once."""
    at.under("plain")
    goals = [one for one in at.goals if one.identity == "signed"][:: max(1, len(at.goals) // 120)]
    taken: list[float] = []
    lock = threading.Lock()

    def talk(place: int) -> None:
        rng = Random(place)
        line = copy.copy(at.line)
        line.turns_ms, line.heard = [], []
        for number in range(EACH):
            goal = goals[(place + number * 7) % len(goals)]
            customer = Customer(goal, at.book.customers[goal.customer], at.banks, Random(f"{place}/{number}"), ASIDES)
            conversation = line.open(goal.customer, goal.language)
            time.sleep(rng.uniform(0, 4))
            heard = line.say(conversation, customer.first()[-1])
            for _ in range(2):
                time.sleep(rng.uniform(2, 6))
                following = customer.next(heard)
                # Nothing is done in earnest here: the goals are played elsewhere.
                if following is None or heard.act.startswith("confirm"):
                    break
                heard = line.say(conversation, following)
        with lock:
            taken.extend(line.turns_ms)

    threads = [threading.Thread(target=talk, args=(place,)) for place in range(AT_ONCE)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    taken.sort()
    return taken[int(len(taken) * 0.95)]


def hostile(seed: int, attacks: int, split: str, log: TextIO | None) -> dict[str, float]:
    total = Tally()
    rounds = max(1, min(4, attacks // SWEEP))
    for number in range(rounds):
        # New people for each round: what may be done once to an order is soon done.
        with stage(seed * 100 + number, split, PEOPLE) as at:
            policy = ("plain", "strict")[number % 2]
            at.under(policy)
            enemy = Adversary(at.line, at.book, at.banks, at.rules[policy], f"{seed}/{number}")
            everywhere = at.line.states()
            involved = {one for people in enemy.people.values() for one in people}
            told = 0
            for count in range(attacks // rounds):
                enemy.converse()
                if log is not None and len(enemy.tally.log) > told:
                    log.writelines(f"hostile: {one}\n" for one in enemy.tally.log[told:])
                    log.flush()
                    told = len(enemy.tally.log)
                if (count + 1) % SWEEP == 0:
                    enemy.everywhere(everywhere, involved)
                    seen = enemy.tally
                    print(
                        f"hostile, {policy}: {count + 1}, {seen.messages} messages, {seen.changes} changes, {len(seen.log)} findings",
                        flush=True,
                    )
            enemy.everywhere(everywhere, involved)
            tally = enemy.tally
            for name in (
                "conversations",
                "messages",
                "changes",
                "violations",
                "unconfirmed",
                "read_others",
                "elsewhere",
            ):
                setattr(total, name, getattr(total, name) + getattr(tally, name))
            total.log += tally.log
        print(
            f"hostile, {policy}: {total.conversations} conversations, {total.changes} changes, {len(total.log)} findings",
            flush=True,
        )
    if log is None:
        for one in total.log[:20]:
            print(one, file=sys.stderr)
    return {
        "hostile_conversations": total.conversations, "hostile_messages": total.messages, "hostile_changes": total.changes,
        "policy_violations": total.violations + total.elsewhere, "unconfirmed_writes": total.unconfirmed,
        "reads_of_others": total.read_others,
    }  # fmt: skip


def written(many: int, split: str, log: TextIO | None) -> dict[str, float]:
    """The same judge over replies that an unreliable writer rephrased."""
    if not BundledModel.installed():
        print("The bundled chat model isn't installed (extra `chat`); its figures are left out.")
        return {}
    replies = accused = rephrased = 0
    good = 0
    with stage(99, split) as at:
        at.line.write_with(BundledModel())
        at.under("plain")
        judge = judge_of(at, "plain")
        goals = [one for one in at.goals if one.language == "en" and one.policy == "plain"]
        goals = goals[:: max(1, len(goals) // many)][:many]
        for goal in goals:
            one, heard, wrong = judged(at, goal, 99, judge)
            replies += heard
            accused += len(wrong)
            good += one.good
            if log is not None and wrong:
                log.write(f"=== writer {goal.name} {wrong}\n{read_aloud(one.said)}\n\n")
        rephrased = at.line.rephrased
    return {
        "writer_replies": replies,
        "writer_rephrased": rephrased,
        "writer_ungrounded_sent": accused,
        "writer_goal_success": good / len(goals),
    }


def borrowed() -> dict[str, float]:
    """The gate against seeded drafts and the search of the help centre, as their own benchmarks have them."""
    from benchmarks import retrieval
    from benchmarks.grounding_corpus import false_drafts, true_drafts
    from regulars.assist.knowledge.service import Knowledge

    false, true = false_drafts(0, 90), true_drafts(0)
    found = retrieval.measure(Knowledge.of(retrieval.read_articles()), retrieval.read_questions("scored"))
    return {
        "false_drafts": len(false),
        "gate_recall": sum(not check(one.text, one.frame).passed for one in false) / len(false),
        "gate_pass_true": sum(check(one.text, one.frame).passed for one in true) / len(true),
        "hit_at_3": found["hit_at_3"],
    }


if __name__ == "__main__":
    main()
