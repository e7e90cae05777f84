{{ topics_mart('month', 'month_on') }}
