{{ topics_mart('day', 'posted_on') }}
