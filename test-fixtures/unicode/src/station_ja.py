"""駅の時刻表を読み込んで、次の電車を探す。"""

from dataclasses import dataclass


@dataclass(frozen=True)
class 電車:
    行先: str
    発車時刻: int  # 午前零時からの分


def 次の電車(時刻表: list[電車], 現在: int) -> 電車 | None:
    """現在の時刻より後に発車する最初の電車を返す。終電の後なら None。"""
    候補 = [列車 for 列車 in 時刻表 if 列車.発車時刻 >= 現在]
    return min(候補, key=lambda 列車: 列車.発車時刻, default=None)


def 遅延を表示(分: int) -> str:
    # 五分未満の遅れは「定刻」とみなす
    return "定刻" if 分 < 5 else f"約{分}分遅れ"
