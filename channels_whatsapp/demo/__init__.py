"""The demo: a week in the inbox of Bramblecart, a small shop for lamps and chairs.

`cast` says who works there and which numbers they answer, `shop`, `bench` and `abroad` hold the
conversations in the words of `script`, `files` draws what is attached, and `build` writes the rows as
the inbox's own verbs would have left them. Times are relative to the moment of building.
"""
