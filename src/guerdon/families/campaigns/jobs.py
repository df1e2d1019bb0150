"""The background work of campaigns."""

from guerdon.families.campaigns import change, codes, delete

JOBS = {codes.GENERATE: codes.generate, delete.REMOVE: delete.remove_codes, change.FOLLOW: change.follow}
