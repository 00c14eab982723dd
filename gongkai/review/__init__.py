"""`gongkai review`: see every value on its page, and correct it for good (人工复核).

views       a document as a person checks it, with values marked: what the others here make, chosen by media type
webpage     a web page made anew from its own tree, by an allow-list
alignment   where the text that was read stands in that tree
rerendered  a document from its blocks; flattened text with line numbers
pictures    pages of a PDF, and the place of a value on them
marking     text as HTML with marks in it, and the page that holds it
"""
