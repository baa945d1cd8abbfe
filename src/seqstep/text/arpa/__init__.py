r"""Models of n-grams in the ARPA format, a text that other tools read too.

    \data\
    ngram 1=30
    ngram 2=402

    \1-grams:
    log10 of the probability <tab> token [<tab> log10 of its weight as a context]

    \2-grams:
    log10 of the probability <tab> two tokens, parted by a space
    …
    \end\

An n-gram that is not listed has the probability without its first token, times the weight of its context. An
interpolated model fits as it is: what it holds is listed with its whole probability, and the weights are
those of the shorter models. The first order lists the vocabulary; `<s>` and `</s>` follow with probability 0
(-99), for kenlm asks for them. `spelling` says how tokens are written that hold white space.

Others write it otherwise, and are read too: fields parted by any number of blanks and tabs; words before
`\data\`, be it an explanation that looks like a model; lengths without n-grams at the end; `<UNK>`;
compressed files. The start of a sentence is context and never next. Its own probability is 0 where a file
says 0 (kenlm) or -99 (SRILM), and is shared by the others where a file counts it among them (IRSTLM).

Source: "ngram-format" in SRILM's manual.
"""
