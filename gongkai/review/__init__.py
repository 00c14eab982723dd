"""`gongkai review`: see every value on its page, and correct it for good (人工复核).

views       a document as a person checks it, with values marked
webpage     of it: a web page made anew from its own tree, by a list of what may stay
alignment   of it: where the text that was read stands in that tree
rerendered  of it: a document from its blocks; flattened text with line numbers
pictures    of it: pages of a PDF, and the place of a value on them
marking     of it: text as HTML with marks in it, and the page that holds it
"""
