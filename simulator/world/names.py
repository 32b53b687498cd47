"""Names for people, groups and departments; some with emoji or four-byte Han characters."""

from __future__ import annotations

import random

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏"
    "魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵"
    "万钱严覃武戴莫孔向汤"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰鹏辉玲建红梅欣怡雨桐子涵梓萱浩然诗琪思"
    "远嘉宁若曦一诺俊豪佳慧晓彤文博雅婷志远海燕春燕晨曦"
)
NICKS = (
    "小太阳☀️", "橙子🍊", "阿柚🍀", "慢慢来🐢", "豆豆妈👶", "𠮷野家常客", "𡈽豆丝",
    "一只橘猫🐱", "向日葵🌻", "半糖", "清风徐来", "今天也要早睡😴", "麦芽糖", "小鹿🦌", "山野",
    "云朵☁️", "柠檬不酸🍋", "梧桐", "𣲗水之上", "拾光",
)  # fmt: skip
DEPARTMENTS = ("社群运营部", "销售一部", "销售二部", "教学服务部")
GROUP_THEMES = ("30天阅读训练营", "新手妈妈成长营", "数学思维营", "英语启蒙营", "写作打卡营", "亲子共读营")
COMPANIES = ("晨光文具", "万卷书店", "云杉教育")


def person(rng: random.Random) -> str:
    """A full name."""
    return rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, rng.choice((1, 2, 2))))


def customer(rng: random.Random) -> str:
    """A WeChat name: real, playful, with emoji or with rare characters."""
    roll = rng.random()
    if roll < 0.55:
        return person(rng)
    nick = rng.choice(NICKS)
    return nick if roll < 0.75 else f"{nick}{rng.choice(GIVEN)}"


def group(rng: random.Random, number: int) -> str:
    """A group's name."""
    theme = GROUP_THEMES[number % len(GROUP_THEMES)]
    return f"{theme}{number // len(GROUP_THEMES) + 1}期{number % 9 + 1}群"
