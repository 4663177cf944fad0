-- How often a user's phone number was asked for at WeChat on the last day it was asked for at all. day
-- counts from 1970-01-01 in China, where WeChat's own daily limits begin at midnight.
CREATE TABLE phone_lookups (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    day     integer NOT NULL,
    lookups integer NOT NULL CHECK (lookups >= 0)
);
