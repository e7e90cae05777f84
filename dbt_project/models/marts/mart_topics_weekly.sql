{{ topics_mart('week', 'week_on') }}
