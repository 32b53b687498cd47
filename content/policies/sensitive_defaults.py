"""The platform's list of sensitive words. A company adds to it, or takes a word out of it, on its own list.

Sources: Advertising Law of the People's Republic of China (2021), article 9(3) (国家级、最高级、最佳), 16 and 17 (cure,
rate of success), 24 and 25 (guaranteed results and returns); WeChat's rules on external links (induced and forced
sharing). What the law names is refused; what only often breaks it is a warning, so that a person decides.
"""

from typing import Final

from content.policies.sensitive import Severity, Word

_REFUSED: Final = {
    "absolute": "国家级 世界级 宇宙级 最高级 最佳 全国第一 世界第一 全网第一 行业第一 销量第一 排名第一 第一品牌 "
    "国家领导人推荐 "
    "顶级 极品 绝无仅有 史无前例 百分之百有效 100%有效 全网最低价",
    "medical": "包治百病 根治 药到病除 无副作用 无效退款 治愈率 保证治愈 祖传秘方 立竿见影 抗癌 防癌",
    "finance": "保本 保收益 稳赚不赔 稳赚 零风险 无风险 躺赚 日赚千元 保过 包过 包就业 保录取 不过退款",
    "sharing": "不转不是中国人 不转发就 转发保平安 转发后才能领 分享后才能领 转发才能领 分享才能看 强制转发",
    "private": "加微信转账 私下转账 刷单 代开发票",
}
# 「最」 alone is in half of all harmless sentences: only the claims made with it stand here.
_SUPERLATIVES: Final = (
    "最好 最优 最强 最低 最高 最便宜 最划算 最优惠 最先进 最权威 最专业 最有效 最安全 最受欢迎 最著名 "
    "最具影响力 最完善 最全 最顶尖 最大优惠 最大规模"
)
_WARNED: Final = {
    "absolute": f"{_SUPERLATIVES} 第一 唯一 首个 独家 极致 完美 绝对 百分百 永久 首选 王牌 史上 全网 领导品牌 驰名",
    "medical": "治疗 疗效 痊愈 排毒 特效 消炎 减肥 瘦身 增高 治好",
    "finance": "收益率 高回报 翻倍 回报率 保证提分",
    "sharing": "转发朋友圈 分享朋友圈 集赞 点赞领 转发领 分享领 拉人头 求转发",
    "private": "二维码付款 现金奖励",
}
# Harmless phrases that hold a word of the list.
_ALLOWED: Final = (
    "第一天 第一次 第一步 第一课 第一节 第一讲 第一周 第一个 第一名 第一时间 第一位 第一条 第一反应 "
    "第一点 第一部分 第一阶段 第一期 第一关 "
    "第一章 第一页 第一句 第一件 第一印象 第一批 第一张 第一题 第一组 第一轮 第一遍 第一口 第一眼 "
    "第一本 第一环 第一营 第一站 第一篇 第一类 "
    "第一段 第一样 第一年 第一月 第一晚 第一场 第一手 第一层 第一份 第一封 第一声 第一排 "
    "手气最好 你最好的 最好的一次 最好先 最好在 最好别 最好不要 最高分 最低分 "
    "不绝对 绝对不 绝对值 不是唯一 唯一要 唯一需要"
)


def _words(table: dict[str, str], severity: Severity) -> list[Word]:
    return [Word(one, severity, reason=reason) for reason, listed in table.items() for one in listed.split()]


DEFAULTS: Final[tuple[Word, ...]] = (
    *_words(_WARNED, Severity.WARN),
    *_words(_REFUSED, Severity.REFUSE),
    *(Word(one, Severity.ALLOW) for one in _ALLOWED.split()),
)
