-- The log of a campaign: its events in the order of the feed.
CREATE INDEX events_of_campaigns ON events (project_id, campaign_id, number) WHERE campaign_id IS NOT NULL;
