"""Whole-network formulas by search, from the inputs straight to each output.

    search = DirectSearch(X, Y, X_c, seed=0, threads=2)   # rows, the network's answers, a sample
    search.warm_up()                                      # compile, or load what is compiled
    state = search.init()
    while not search.is_over(state) and there_is_time():
        search.advance(state, 1)                          # a tenth of a second or two
    for hall in search.halls(state):
        for member in hall.members:
            member.nodes, member.error, member.predict(X)
            # weight * program + bias, in the inputs' and the output's own units
            member.program, member.weight, member.bias

``pack`` and ``unpack`` keep a state as bytes; a search that goes on from them, with any number of
threads, makes what it would have made without the interruption.
"""

from srnet_cli.evolution.direct.formula import HallOfFame, Member
from srnet_cli.evolution.direct.search import DirectSearch
from srnet_cli.evolution.direct.settings import Budget, Hints
from srnet_cli.evolution.direct.state import OutputState, State, pack, unpack

__all__ = [
    "Budget",
    "DirectSearch",
    "HallOfFame",
    "Hints",
    "Member",
    "OutputState",
    "State",
    "pack",
    "unpack",
]
