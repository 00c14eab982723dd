"""`gongkai review`: see every value on its page, and correct it for good (人工复核).

views       a document as a person checks it, with values marked
desk        what the page asks of a dataset
answers     the same with the decisions people made
server      HTTP for one reader on this machine
standalone  one self-contained file of a department-year
page/       the page itself: HTML, CSS and one script, served as they are
"""
