"""stand-in"""

from __future__ import annotations

from sadari.binance import account_answers, endpoints
from sadari.binance.stream_names import user_url
from sadari.binance.user_frames import decoded
from sadari.venue.live.socket import connect


class UserStream:
    def __init__(self, caller, base, on_frame, on_lost, on_recovered, *, now_ns, jitter):
        self.a = (caller, base, on_frame, on_lost, on_recovered, now_ns)
        self.s = None

    async def start(self):
        caller, base, on_frame, on_lost, on_recovered, now_ns = self.a
        key = account_answers.listen_key(await caller.call(endpoints.START_LISTEN_KEY))
        self.s = await connect(user_url(base, key), self.text, on_lost, now_ns)
        on_recovered()

    def text(self, b):
        f = decoded(b)
        if f is not None:
            self.a[2](f)

    def renew(self, why):
        pass

    def health(self):
        return ()

    async def close(self):
        if self.s:
            self.s.close()
