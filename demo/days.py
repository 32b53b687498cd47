"""What people of the camp's company do from day to day, beside what the simulated customers do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from demo.asking import (
    anchor_granted,
    another_type_refused,
    later_end_asked,
    ratings_ask,
    ratings_come,
    ratings_end,
    sku_begin,
)
from demo.checkins import checkin_begin, day_of_checkins
from demo.company import Company
from demo.culture import culture_grows, norm_answers, norms_propose
from demo.draws import day_of_draws, lottery_begin
from demo.flash import flash_begin, flash_goes_on
from demo.giving import campaign_begin, day_of_giving
from demo.handing import ask_once_more, post_changes, some_refuse
from demo.joining import joining_begin
from demo.knowledge import cards_begin, day_of_reading
from demo.messages import TALKING_GROUPS, archive_begin, day_of_talk, talk_answer
from demo.office import day_at_the_desk, screenshots_review
from demo.reach import owners_ask
from demo.sending import OWN_DAYS, day_of_own_sends
from demo.stumbling import form_answers, form_ask, obstacles_noted, obstacles_solved
from demo.vendor import Vendor
from tenants import clock

CAMP_DAY = 19  # the demo opens on this day of the camp: the last of the limited offer
DESK_HOURS = (10, 17)
CARDS_DAY = 2  # the knowledge cards are put in force; people take their tests on the days after
FORM_DAY = 2  # a form asks one group what it needs; answers come the next day
STUCK_DAY = 12  # some who try it are stuck; three days later some are helped
ARCHIVE_DAY = 15  # the message archive is bought late: some days of messages are enough to look at
NORM_DAY = 16  # members propose norms; the first group answers a day later
CULTURE_DAY = 18
TALK_HOUR = 12
GIVING_DAY = 9  # a campaign begins: who hands in assignments gets something
GIVING_HOUR = 15
ASKING_DAY = 8  # the operator asks for an exception and is refused
RATING_DAYS = range(12, 17)  # one group is asked how service was; answers come day by day
JOINING_DAY = 1  # a join play begins: many of the camp join over its first days
DRAWING_DAY = 12  # a lottery begins
CHECKIN_DAY = 5  # a check-in begins; who finished a lesson checks in
CHECKIN_HOUR = 20
FLASH_DAY = 17  # a flash group runs for three days: it is in its last hours when the demo opens
OWN_HOUR = 11  # before what the camp sends at noon and in the evening
WELCOME_DAY = 18
HANDING_DAY = 17
REFUSING_HOUR = 18


@dataclass
class Days:
    """`step` is called after each jump of the clock; each deed happens once."""

    company: Company
    vendor: Vendor
    first_day: date
    group_welcome_id: int
    tell: Callable[[str], None]
    done: set[str] = field(default_factory=set)
    campaign_id: int = 0
    lottery_id: int = 0
    checkin_id: int = 0
    flash_id: int = 0

    def step(self, now: datetime) -> None:
        local = clock.local(now, self.company.tenant.timezone)
        day = (local.date() - self.first_day).days + 1
        if self._is_new(f"day {day}"):
            self.tell(f"camp day {day} of {CAMP_DAY}")
        if day >= CARDS_DAY and self._is_new("cards"):
            cards_begin(self.company)
        if day > CARDS_DAY and local.hour >= TALK_HOUR and self._is_new(f"read {day}"):
            day_of_reading(self.company)
        self._stumble(day)
        if day >= GIVING_DAY and self._is_new("campaign"):
            self.campaign_id = campaign_begin(self.company)
        if self.campaign_id and local.hour >= GIVING_HOUR and self._is_new(f"give {day}"):
            day_of_giving(self.company, self.campaign_id)
        self._play(local, day)
        if day >= ARCHIVE_DAY and self._is_new("archive"):
            archive_begin(self.company, self.vendor)
        if day > ARCHIVE_DAY and local.hour >= TALK_HOUR and self._is_new(f"talk {day}"):
            day_of_talk(self.company, self.vendor, local.date())
        if day in OWN_DAYS and local.hour >= OWN_HOUR and self._is_new(f"own sends {day}"):
            day_of_own_sends(self.company, self.vendor, day)
        self._answer(local, day)
        self._culture(local, day)
        self._ask(local, day)
        if day >= WELCOME_DAY and self._is_new("welcome"):
            owners_ask(self.company, self.group_welcome_id)
        if day >= HANDING_DAY and self._is_new("post changes"):
            post_changes(self.company)
        is_answered = (day, local.hour) >= (HANDING_DAY, REFUSING_HOUR)
        if is_answered and self._is_new("some refuse"):
            some_refuse(self.company, self.vendor)
        if day >= CAMP_DAY and self._is_new("ask once more"):
            ask_once_more(self.company)
        for hour in DESK_HOURS:
            if local.hour >= hour and day < CAMP_DAY and self._is_new(f"desk {day} {hour}"):
                day_at_the_desk(self.company, now)
                screenshots_review(self.company)

    def _ask(self, local: datetime, day: int) -> None:
        """What is sold, exceptions that are asked for, and how service was."""
        if self._is_new("sku"):
            sku_begin(self.company)
        if day >= ASKING_DAY and self._is_new("another type"):
            another_type_refused(self.company)
        if day >= RATING_DAYS.start and self._is_new("ratings"):
            ratings_ask(self.company)
        if day in RATING_DAYS and local.hour >= TALK_HOUR and self._is_new(f"ratings {day}"):
            ratings_come(self.company)
        if day >= RATING_DAYS.stop and self._is_new("ratings end"):
            ratings_end(self.company)
        if day >= CAMP_DAY and self._is_new("anchor"):
            anchor_granted(self.company)
        if day >= CAMP_DAY and self._is_new("later end"):
            later_end_asked(self.company)

    def _stumble(self, day: int) -> None:
        """What people need, what stands in their way, what helped."""
        if day >= FORM_DAY and self._is_new("form"):
            form_ask(self.company)
        if day > FORM_DAY and self._is_new("form answers"):
            form_answers(self.company)
        if day >= STUCK_DAY and self._is_new("stuck"):
            obstacles_noted(self.company)
        if day >= STUCK_DAY + 3 and self._is_new("helped"):
            obstacles_solved(self.company)

    def _play(self, local: datetime, day: int) -> None:
        """Who joins gets something; members check in each evening, and draw, each day others."""
        if day >= JOINING_DAY and self._is_new("joining"):
            joining_begin(self.company)
        if day >= CHECKIN_DAY and self._is_new("check-in"):
            self.checkin_id = checkin_begin(self.company)
        if self.checkin_id and local.hour >= CHECKIN_HOUR and self._is_new(f"check-in {day}"):
            day_of_checkins(self.company, self.checkin_id)
        if day >= DRAWING_DAY and self._is_new("lottery"):
            self.lottery_id = lottery_begin(self.company)
        if self.lottery_id and local.hour >= GIVING_HOUR and self._is_new(f"draw {day}"):
            day_of_draws(self.company, self.lottery_id, day - DRAWING_DAY)
        if day >= FLASH_DAY and local.hour >= OWN_HOUR and self._is_new("flash"):
            self.flash_id = flash_begin(self.company)
        if self.flash_id and self._is_new(f"flash {day} {local.hour}"):
            flash_goes_on(self.company, self.flash_id)

    def _culture(self, local: datetime, day: int) -> None:
        """Norms, helpers and thanks of the groups that talk."""
        if day >= NORM_DAY and self._is_new("norms"):
            norms_propose(self.company)
        if day > NORM_DAY and local.hour >= TALK_HOUR and self._is_new("norm answers"):
            norm_answers(self.company, self.vendor)
        if day >= CULTURE_DAY and local.hour >= TALK_HOUR and self._is_new("culture"):
            culture_grows(self.company)

    def _answer(self, local: datetime, day: int) -> None:
        """One owner answers within the hour or two, one in the afternoon, the third only every other day."""
        for number in range(TALKING_GROUPS):
            is_heard = day > ARCHIVE_DAY and local.hour >= TALK_HOUR + 1 + 2 * number
            if (
                is_heard
                and (number < TALKING_GROUPS - 1 or day % 2)
                and self._is_new(f"answer {day} {number}")
            ):
                talk_answer(self.company, self.vendor, local.date(), number)

    def _is_new(self, deed: str) -> bool:
        is_new = deed not in self.done
        self.done.add(deed)
        return is_new
