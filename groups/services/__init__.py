"""Writes of groups, a verb a function:

membership  who sits in a group: deltas of events and full reads
reading     fetching a group or all of them from WeCom
setup       type, answers, name, approvals, going live, life cycle
freezing    stopping and resuming sends
"""
