-- Who was missing from which lesson, and whether the parents have said why.

create table pupil (
    id          bigint generated always as identity primary key,
    full_name   text not null,
    class_name  text not null,
    born_on     date not null,
    left_on     date
);

create table absence (
    pupil_id    bigint not null references pupil (id),
    missed_on   date not null,
    lesson      smallint not null check (lesson between 1 and 10),
    noted_by    text not null,
    primary key (pupil_id, missed_on, lesson)
);

-- A note from home covers whole days. A doctor's certificate is needed from the fourth day on.
create table excuse (
    pupil_id    bigint not null references pupil (id),
    first_day   date not null,
    last_day    date not null,
    from_doctor boolean not null default false,
    check (last_day >= first_day),
    check (from_doctor or last_day - first_day < 3)
);

create index absence_by_day on absence (missed_on);

create view unexcused_lesson as
select absence.pupil_id, pupil.class_name, absence.missed_on, absence.lesson
from absence
join pupil on pupil.id = absence.pupil_id
where not exists (
    select 1
    from excuse
    where excuse.pupil_id = absence.pupil_id
        and absence.missed_on between excuse.first_day and excuse.last_day
);

-- Lines for the certificate at the end of the term: a day counts when three lessons or more were missed.
create function missed_days(pupil bigint, term_start date, term_end date)
returns integer
language sql
stable
as $$
    select count(*)::integer
    from (
        select missed_on
        from absence
        where pupil_id = pupil and missed_on between term_start and term_end
        group by missed_on
        having count(*) >= 3
    ) as day;
$$;

create function refuse_future_absence()
returns trigger
language plpgsql
as $$
begin
    if new.missed_on > current_date then
        raise exception 'Pupil % cannot be missing on %, which has not come yet', new.pupil_id, new.missed_on;
    end if;
    return new;
end;
$$;

create trigger absence_not_in_future
before insert or update on absence
for each row execute function refuse_future_absence();
