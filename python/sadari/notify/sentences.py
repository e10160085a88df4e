"""One sentence for everything that a person may be told of, in each language."""

from __future__ import annotations

from sadari.core.alerts import Condition
from sadari.model.reason import AuditCode, ExitReason

# By code: English, Korean.
_BOTH: dict[str, tuple[str, str]] = {
    "TEST": ("This is a test. Nothing has happened.", "시험 메시지입니다. 아무 일도 일어나지 않았습니다."),
    Condition.PORTFOLIO_DRAWDOWN: (
        "Equity has fallen too far from its peak: entries and adds are paused until you resume.",
        "자산이 고점에서 한도 이상 하락했습니다. 재개할 때까지 신규 진입과 추가 매수를 멈춥니다.",
    ),
    Condition.SINGLE_POSITION_LOSS: (
        "A position has lost more than any stop lets it: its stops have failed, and it is closed.",
        "포지션 손실이 모든 손절 한도를 넘었습니다. 손절이 작동하지 않아 강제 청산합니다.",
    ),
    Condition.SHORT_POSITION_COUNT: (
        "More shorts are open than allowed: no new one is opened.",
        "숏 포지션 수가 한도를 넘었습니다. 새 숏은 열지 않습니다.",
    ),
    Condition.TOTAL_SHORT_RISK: (
        "All shorts together may lose too much: no short is opened or added to beside the others.",
        "숏 전체의 손실 위험이 한도를 넘었습니다. 다른 숏이 있는 동안 새 숏과 숏 추가를 거부합니다.",
    ),
    Condition.CONNECTION_STALE: (
        "A connection has given no sign of life: nothing is opened until it is back; stops rest at the exchange.",
        "연결이 응답하지 않습니다. 복구될 때까지 아무것도 열지 않으며, 손절 주문은 거래소에 남아 있습니다.",
    ),
    Condition.MARKET_STREAM_SILENT: (
        "Nothing is heard of a symbol: its connection is opened anew.",
        "종목의 시세가 들어오지 않습니다. 연결을 다시 엽니다.",
    ),
    Condition.MARGIN_RATIO: (
        "Maintenance margin is a large part of the margin balance: entries and adds are paused.",
        "유지 증거금 비율이 높습니다. 신규 진입과 추가 매수를 멈춥니다.",
    ),
    Condition.LIQUIDATION_DISTANCE: (
        "The mark price is near the liquidation price.",
        "시장 평가 가격이 강제 청산 가격에 가깝습니다.",
    ),
    Condition.PROTECTIVE_STOP_MISSING: (
        "A position is without a stop at the exchange: one is placed again, or the position is closed.",
        "포지션에 거래소 손절 주문이 없습니다. 다시 걸거나 포지션을 닫습니다.",
    ),
    Condition.SETTLEMENT_MISMATCH: (
        "The exchange's profit is not that of the trades: the books do not agree.",
        "거래소의 손익과 체결로 계산한 손익이 다릅니다.",
    ),
    Condition.SETTLEMENT_DRIFT: (
        "Closing brought another amount than at the decision to close.",
        "청산 결과가 청산 결정 당시의 손익과 다릅니다.",
    ),
    Condition.SETTLEMENT_PENDING: (
        "A closed position cannot be settled yet: its trades are not all known.",
        "청산된 포지션을 아직 정산할 수 없습니다. 체결 내역이 모자랍니다.",
    ),
    Condition.ORDER_REJECTED_MARGIN: (
        "The exchange refused an order for margin (-2019): nothing is opened until fresh account data.",
        "증거금 부족으로 주문이 거부되었습니다(-2019). 새 계좌 정보를 받을 때까지 진입하지 않습니다.",
    ),
    Condition.LISTEN_KEY_LOST: (
        "The listen key of the user stream is gone: a new one is made, then everything is compared.",
        "사용자 스트림의 리슨 키가 사라졌습니다. 새 키로 다시 연결하고 전부 대조합니다.",
    ),
    Condition.DAILY_LOSS_LIMIT: (
        "The day's loss has reached its limit: nothing is opened until the next day (UTC).",
        "하루 손실 한도에 도달했습니다. 다음 날(UTC)까지 진입하지 않습니다.",
    ),
    Condition.UNAUTHORISED_LIQUIDATION: (
        "A request to close everything was refused: nothing was canceled or closed.",
        "전체 청산 요청이 거부되었습니다. 취소되거나 청산된 것은 없습니다.",
    ),
    Condition.RECOVERY_EXHAUSTED: (
        "A connection could not be had back five times in a row; it is tried on.",
        "연결 복구가 다섯 번 연속 실패했습니다. 계속 시도합니다.",
    ),
    Condition.RECONCILE_FAILED: (
        "The exchange could not be compared with: nothing is opened, positions are left as they are.",
        "거래소와 대조하지 못했습니다. 아무것도 열지 않으며 포지션은 그대로 둡니다.",
    ),
    Condition.ENGINE_FAILED: (
        "The engine has failed: it closed nothing; stops rest at the exchange.",
        "엔진이 중단되었습니다. 아무것도 청산하지 않았고 손절 주문은 거래소에 남아 있습니다.",
    ),
    AuditCode.FOREIGN_POSITION: (
        "A position on the other side is not ours: it is left alone.",
        "반대 방향에 엔진의 것이 아닌 포지션이 있습니다. 건드리지 않습니다.",
    ),
    AuditCode.POSITION_FOUND: (
        "A position was found that nobody here opened: it is quarantined and protected.",
        "엔진이 열지 않은 포지션을 발견했습니다. 격리하고 보호합니다.",
    ),
    AuditCode.POSITION_DIFFERS: (
        "The exchange shows another quantity than the engine's.",
        "거래소의 포지션 수량이 엔진의 기록과 다릅니다.",
    ),
    AuditCode.UNKNOWN_CONTRACT: (
        "There is a position in a contract that is not known.",
        "알 수 없는 계약의 포지션이 있습니다.",
    ),
    AuditCode.MARGIN_SHARED: (
        "A symbol trades on crossed margin although isolated margin is wanted.",
        "격리 증거금을 원했으나 교차 증거금으로 거래합니다.",
    ),
    AuditCode.FOREIGN_ORDER: (
        "An order of somebody else rests on a symbol: nothing is opened there.",
        "다른 주체의 주문이 있습니다. 이 종목에는 진입하지 않습니다.",
    ),
    AuditCode.ILLEGAL_EVENT: (
        "Something happened that should not be possible: nothing is opened any more, protection stays.",
        "일어날 수 없는 사건이 발생했습니다. 더 이상 진입하지 않으며 보호 주문은 유지됩니다.",
    ),
    AuditCode.LATE_LIFE: (
        "An order that had been given up is alive.",
        "포기했던 주문이 살아 있습니다.",
    ),
    AuditCode.LEDGER_DIFFERS: (
        "The exchange's wallet is not that of the ledger.",
        "거래소 지갑 잔고와 장부가 다릅니다.",
    ),
    AuditCode.EXTERNAL_FILL: (
        "An order that is not ours was filled.",
        "엔진의 것이 아닌 주문이 체결되었습니다.",
    ),
    "ENTRIES_REFUSED": (
        "The exchange has refused several entries in a row: no more are sent.",
        "거래소가 진입 주문을 연달아 거부했습니다. 더 이상 보내지 않습니다.",
    ),
    "EMERGENCY_LIQUIDATION": (
        "Everything is going to be closed.",
        "모든 포지션을 청산할 예정입니다.",
    ),
    "LIQUIDATION_CANCELED": (
        "Closing everything was called off.",
        "전체 청산이 취소되었습니다.",
    ),
    "LIQUIDATION_INCOMPLETE": (
        "Not everything could be closed yet; it is tried on, and stops stay.",
        "아직 전부 청산하지 못했습니다. 계속 시도하며 손절 주문은 유지됩니다.",
    ),
    "LIQUIDATION_DONE": (
        "Everything is closed.",
        "전체 청산을 마쳤습니다.",
    ),
    "LIQUIDATION_ABANDONED": (
        "Closing everything was given up by an operator; stops stay.",
        "운영자가 전체 청산을 중단했습니다. 손절 주문은 유지됩니다.",
    ),
    "EXIT_REJECTED": (
        "The exchange refuses to close a position; it is tried on.",
        "거래소가 청산 주문을 거부합니다. 계속 시도합니다.",
    ),
    "UNEXPECTED_FILL": ("An order was filled that nothing waited for.", "기다리지 않던 주문이 체결되었습니다."),
    "LATE_FILL": ("An order was filled after its position was over.", "포지션이 끝난 뒤에 주문이 체결되었습니다."),
    ExitReason.PROTECTIVE_STOP_ORDER: (
        "Nothing protects a position any more, or what protects it has closed it.",
        "포지션을 보호하던 주문이 체결되었거나 더 이상 없습니다.",
    ),
    ExitReason.EXCHANGE_LIQUIDATION: (
        "The exchange has liquidated a position.",
        "거래소가 포지션을 강제 청산했습니다.",
    ),
    ExitReason.ADL: (
        "The exchange has reduced a position by deleveraging.",
        "거래소가 자동 디레버리징으로 포지션을 줄였습니다.",
    ),
    ExitReason.MANUAL_EXTERNAL: ("Somebody else has closed a position.", "다른 주체가 포지션을 닫았습니다."),
    "JOURNAL_SLOW": ("Writes to the journal are slow.", "저널 기록이 느립니다."),
    "CLOCK_OFF": ("This machine's clock is off.", "이 컴퓨터의 시계가 맞지 않습니다."),
    "DISK": ("The disk needs a look.", "디스크를 확인해야 합니다."),
}

ENGLISH = {code: english for code, (english, _) in _BOTH.items()}
KOREAN = {code: korean for code, (_, korean) in _BOTH.items()}
