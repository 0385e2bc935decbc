-- How far hours of counts have been made for good, and which node makes them.
INSERT INTO search_state (name, next, claimed_by, claimed_until) VALUES ('hours', 0, 0, 0);
