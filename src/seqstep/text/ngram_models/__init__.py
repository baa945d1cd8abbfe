"""Language models made of counts: probabilities of the next token from the tokens before it."""
