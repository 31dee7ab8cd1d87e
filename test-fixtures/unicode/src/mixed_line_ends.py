# Line ends of three kinds in one file: LF, CR LF and, once, a lone CR.
def wind_chill(temperature_c, wind_kmh):
    """How cold the wind makes the air feel to bare skin."""
    if wind_kmh < 4.8:
        return temperature_c
    power = wind_kmh ** 0.16
    return 13.12 + 0.6215 * temperature_c - 11.37 * power + 0.3965 * temperature_c * power
# a lone carriage return:# ends the comment before this one
