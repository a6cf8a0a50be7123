"""What steers lists: python -m benchmarks.steering [--data DIR] [--parts rules,whynot,faithful,search,diversity,longterm].

rules      a demo shop, --requests lists under random books of rules, judged from the products' records: rule_breaches; rules_ms is what
           200 rules add to a list at the median
whynot     products kept out on purpose, one way each: why_not is the share of right answers
faithful   reasons whose cause is deleted, against a random event of the same person: faithful is the share in which it matters more
search     250 judged queries on the demo catalogue: search_ndcg_at_10 beside PostgreSQL's full text and vectors alone
longterm   demo worlds and their placebos over --seeds: active_lift of lists for coming back over lists for the click, placebo_covers_zero
diversity  Amazon Beauty (--data): a row for each position of the dial; the figures are of the furthest that costs 2 % of NDCG@10 at most
"""

from __future__ import annotations

import argparse
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks._report import print_report
from benchmarks.steering import diversity, faithful, longterm, rules, search, whynot
from benchmarks.steering.shop import demo_shop

OF_SHOP = ("rules", "whynot", "faithful", "search")
PARTS = (*OF_SHOP, "diversity", "longterm")


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated; all")
    parser.add_argument("--data", type=Path, default=None, metavar="DIR", help="Amazon Beauty, for diversity")
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=100_000, help="of rules")
    parser.add_argument("--cases", type=int, default=2_000, help="of why not")
    parser.add_argument("--reasons", type=int, default=2_000, help="of faithful")
    parser.add_argument("--seeds", type=int, default=5, help="of longterm")
    parser.add_argument("--world-customers", type=int, default=700, help="of longterm")
    parser.add_argument("--worlds", default="world,placebo", help="of longterm: one of them alone takes half the time")
    parser.add_argument("--long-term", type=float, default=0.5, help="the setting of the arm that is for coming back")
    parser.add_argument("--max-seconds", type=float, default=240.0, help="of the transformer's training, for diversity")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    parts = [part for part in PARTS if part in options.parts.split(",")]
    figures: dict[str, float] = {}
    peers: dict[str, dict[str, float]] = {}
    if any(part in OF_SHOP for part in parts):
        with threadpool_limits(limits=1, user_api="blas"), demo_shop(options.customers, options.seed, 30.0, 7) as shop:
            if "rules" in parts:
                figures |= rules.measure(shop, options.requests, options.seed)
            if "whynot" in parts:
                figures |= whynot.measure(shop, options.cases, options.seed)
            if "search" in parts:
                own, rows = search.measure(shop, options.seed)
                figures |= own
                peers |= rows
            if "faithful" in parts:
                figures |= faithful.measure(shop, options.reasons, options.seed)
    if "diversity" in parts:
        if options.data is None:
            print("Without diversity: --data DIR names Amazon Beauty.")
        else:
            own, rows = diversity.measure(options.data, options.max_seconds, 0)
            figures |= own
            peers |= rows
    if "longterm" in parts:
        own, rows = longterm.measure(
            options.seeds, options.world_customers, options.long_term, options.seed, options.worlds.split(",")
        )
        figures |= own
        peers |= rows
    print_report("steering", figures, peers)


if __name__ == "__main__":
    main()
