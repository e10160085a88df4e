"""Messages as the exchange writes them, under our spelling of its field names; the only place that knows them.

Fields that nothing here needs are left out of what is read: the exchange adds new ones at any time. What is written has
all that the reference lists, numbers as the text of `sadari.binance.numbers.plain`.
"""
