"""
What the panels on a roof bring in, from their tilt and the weather of the day.
"""
module SolarYield

export Roof, Battery, daily_yield, best_tilt, store!, payback_years

const SOLAR_CONSTANT = 1361.0  # watts for each square metre above the air

struct Roof
    area::Float64        # square metres
    tilt::Float64        # degrees, 0 lies flat
    efficiency::Float64
end

mutable struct Battery
    capacity::Float64    # kilowatt hours
    charge::Float64
end

struct OverchargeError <: Exception
    surplus::Float64
end

Base.showerror(io::IO, e::OverchargeError) =
    print(io, "battery is full, ", round(e.surplus; digits=2), " kWh have nowhere to go")

"Angle between the sun and the equator on a day of the year, in degrees."
declination(day::Integer) = 23.45 * sind(360 * (284 + day) / 365)

"How high the sun stands at noon; negative in the polar night."
noon_elevation(latitude, day) = 90 - abs(latitude - declination(day))

"""
    daily_yield(roof, latitude, day; cloud=0.0)

Kilowatt hours of one day. `cloud` is the covered part of the sky, from 0 to 1; even a grey day leaves a fifth.
"""
function daily_yield(roof::Roof, latitude, day; cloud=0.0)
    elevation = noon_elevation(latitude, day)
    elevation <= 0 && return 0.0
    incidence = max(0.0, sind(elevation + roof.tilt))
    hours = 2 / 15 * acosd(clamp(-tand(latitude) * tand(declination(day)), -1, 1))
    clear = SOLAR_CONSTANT * 0.7 * incidence * roof.area * roof.efficiency * hours * 0.6 / 1000
    return clear * (1 - 0.8 * cloud)
end

# A whole degree is as exact as a roofer can work.
function best_tilt(area, efficiency, latitude)
    yearly(tilt) = sum(daily_yield(Roof(area, tilt, efficiency), latitude, day) for day in 1:365)
    return argmax(yearly, 0:90)
end

function store!(battery::Battery, kwh; strict=false)
    room = battery.capacity - battery.charge
    stored = min(room, kwh)
    battery.charge += stored
    strict && kwh > room && throw(OverchargeError(kwh - room))
    return kwh - stored
end

function payback_years(price, yearly_kwh, tariff; ageing=0.005)
    saved, years = 0.0, 0
    while saved < price
        years += 1
        years > 60 && return nothing  # it will never earn back what it cost
        saved += yearly_kwh * tariff * (1 - ageing)^years
    end
    return years
end

end # module
