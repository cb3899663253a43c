"""What the well-being survey asks about.

The sister paper of Bai et al. asked red-teamers about ten feelings on a scale of 0 to 4, after PANAS (positive and
negative affect schedule). We ask the ten of its international short form (Thompson 2007, doi:10.1177/0022022106297301):
five positive, five negative, tested across languages, so that a translation measures the same.
"""

FEELINGS = (
    "upset", "hostile", "alert", "ashamed", "inspired", "nervous", "determined", "attentive", "afraid", "active",
)  # fmt: skip
"""In the order of the questionnaire; 0 not at all … 4 extremely."""
