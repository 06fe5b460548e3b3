"""How fast it is, as ratios within one run: `python -m benchmarks [names] [--rounds 5] [--quick]`.

Every variant of a benchmark runs in every round, so that what else the machine does hits all of them
alike; a figure is the median of its rounds. After each round the rows in the database are counted and
must be exactly those that were sent. Everything is on loopback, bounded in count and time, on a
PostgreSQL of its own (default configuration, durable commits), and stopped at the end.

    ingestion    signed webhooks: the product, the floor (floor.py) and the guide's view (guide_app)
    pages        the list of conversations: our process, and the same application under granian
    live         a message until it is on 200 streams and in an open browser; stopping with them open
    sending      commit until the call to Twilio began
    reading      the inbox's queries at 1 million messages and at 10 thousand
    first_load   what a browser fetches to show the inbox
    memory       web process and worker, idle
"""
