"""Pure decisions of groups: names, checks, spells of membership. No ORM, clock or network."""
