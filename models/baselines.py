"""What a preference model must beat to have understood anything: a judge that only counts words.

("The longer response wins" is the other one; every evaluation has it beside the PM's own accuracy.)
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import vstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from models.data import as_chosen
from models.dialogue import Conversation
from models.judgements import Judgement, judgement
from models.run import BadInput


class BagOfWords:
    """Scores a response by its words and pairs of words, whatever was asked: w · tf-idf(response), with w from logistic
    regression on the differences chosen − rejected, which is the PM's own loss on another model."""

    def __init__(self, training: Sequence[Conversation]) -> None:
        """Learn from the comparisons of `training`. BadInput if it has none, or no words."""
        pairs = [
            (turn.candidates[chosen].text, turn.candidates[rejected].text)
            for conversation in training
            for turn in conversation.turns
            for chosen, rejected in as_chosen(turn)
        ]
        if not pairs:
            raise BadInput("There is no comparison for a bag of words to learn from.")
        self._tfidf = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        try:
            self._tfidf.fit([text for pair in pairs for text in pair])
        except ValueError:  # sklearn's for an empty vocabulary
            raise BadInput("No word of the comparisons occurs twice: a bag of words has nothing to learn.") from None
        chosen, rejected = (self._tfidf.transform([pair[side] for pair in pairs]) for side in (0, 1))
        differences = vstack([chosen - rejected, rejected - chosen])  # (2·pairs, words); either order means the same
        won = np.arange(2 * len(pairs)) < len(pairs)
        self._weights = LogisticRegression(fit_intercept=False, max_iter=1000).fit(differences, won).coef_[0]

    def scores(self, responses: Sequence[str]) -> list[float]:
        """w · tf-idf(response) of each."""
        return [float(score) for score in self._tfidf.transform(responses) @ self._weights]

    def judge(self, conversations: Sequence[Conversation]) -> list[Judgement]:
        """What it says of the comparisons of these conversations, in the form of a PM's judgements."""
        compared = [
            (conversation, t, chosen, rejected)
            for conversation in conversations
            for t, turn in enumerate(conversation.turns)
            for chosen, rejected in as_chosen(turn)
        ]
        scores = iter(self.scores([c.turns[t].candidates[side].text for c, t, *pair in compared for side in pair]))
        return [judgement(c, t, next(scores), next(scores)) for c, t, _, _ in compared]
