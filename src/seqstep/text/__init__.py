"""From a text to tokens, vocabularies, minibatches and the statistics of neighbouring tokens."""
