-- Removing history by age: days that are over are dropped with their partitions, and what is still
-- needed of them moves to the default ones.

CREATE TABLE retention (
    name    TEXT   NOT NULL PRIMARY KEY,
    removed BIGINT NOT NULL,                     -- days of ids below it have been removed
    low     BIGINT NOT NULL,                     -- the day that is being removed now: its ids from
    high    BIGINT NOT NULL                      -- and below; both 0 while there is none
);
INSERT INTO retention (name, removed, low, high) VALUES ('history', 0, 0, 0);
ALTER TABLE retention SET (fillfactor = 10);

-- Deliveries for which something of that day is still needed.
CREATE TABLE retention_kept (
    company_id  BIGINT NOT NULL,
    event_id    BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    PRIMARY KEY (company_id, event_id, delivery_id)
);
