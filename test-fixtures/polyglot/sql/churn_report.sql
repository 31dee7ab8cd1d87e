-- Which subscribers left in each month, and what share of those who were there when it began.
--
-- A subscriber counts as lost in the month in which the last paid period ends, unless a new one starts
-- within 30 days: people change cards and come back.

create view subscription_spell as
with ordered as (
    select
        account_id,
        starts_on,
        ends_on,
        lead(starts_on) over (partition by account_id order by starts_on) as next_start
    from subscription
    where status <> 'trial'
)
select
    account_id,
    starts_on,
    ends_on,
    next_start is not null and next_start <= ends_on + interval '30 days' as continued
from ordered;

create view monthly_churn as
with months as (
    select generate_series(date '2023-01-01', current_date, interval '1 month')::date as month
),
active as (
    select months.month, count(distinct spell.account_id) as subscribers
    from months
    join subscription_spell as spell
        on spell.starts_on < months.month and spell.ends_on >= months.month
    group by months.month
),
lost as (
    select date_trunc('month', ends_on)::date as month, count(distinct account_id) as leavers
    from subscription_spell
    where not continued
    group by 1
)
select
    active.month,
    active.subscribers,
    coalesce(lost.leavers, 0) as leavers,
    round(100.0 * coalesce(lost.leavers, 0) / nullif(active.subscribers, 0), 2) as churn_percent
from active
left join lost using (month)
order by active.month;

create index if not exists subscription_account_start on subscription (account_id, starts_on);
