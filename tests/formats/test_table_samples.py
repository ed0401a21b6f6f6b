"""Tables in the shapes that data centres of the field give out: time, value, unit, flag, station and place are right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.errors import Invalid
from estran.formats import Document, table
from tests.formats.observed import held, held_in

if TYPE_CHECKING:
    from pathlib import Path


class Sample(NamedTuple):
    """A table, the first observation of one datastream of it, and all the names of its datastreams.

    `place` is (longitude, latitude); `flag` that of the first observation.
    """

    text: str
    key: str
    first: tuple[str, float]
    many: int
    unit: str = ""
    flag: str | None = None
    place: tuple[float, float] | None = None
    level: float | None = None
    streams: int = 0
    name: str = "sample.csv"


SAMPLES = {
    "tides of NOAA": Sample(
        "Date Time, Water Level, Sigma, O or I (for verified), F, R, L, Quality \n"
        "2024-01-01 00:00,1.234,0.003,0,0,0,0,v\n2024-01-01 00:06,1.250,0.004,0,0,0,0,v\n",
        "sample/Water Level", ("2024-01-01T00:00:00", 1.234), 2, flag="v",
    ),
    "a buoy of NDBC": Sample(
        "#YY  MM DD hh mm WDIR WSPD GST  WVHT   DPD   APD MWD   PRES  ATMP  WTMP  DEWP  VIS PTDY  TIDE\n"
        "#yr  mo dy hr mn degT m/s  m/s     m   sec   sec degT   hPa  degC  degC  degC  nmi  hPa    ft\n"
        "2024 01 02 03 40 120  5.0  6.0   1.2     8   5.1 115 1013.2   9.8  10.4    MM   MM   MM    MM\n"
        "2024 01 02 03 30 110  4.0  5.0    MM    MM    MM  MM 1013.1   9.7  10.4    MM   MM -0.3    MM\n",
        "46042/WVHT", ("2024-01-02T03:40:00", 1.2), 1, unit="m", name="46042.txt",
    ),
    "a buoy of NDBC, of former years": Sample(
        "YY MM DD hh WD   WSPD GST  WVHT  DPD   APD  MWD  BAR    ATMP  WTMP\n"
        "98 01 01 00 120  5.0  6.0  1.20  8.00  5.10 999 1013.2   9.8  10.4\n"
        "98 01 01 01 130  5.5 99.0 99.00 99.00 99.00 999 1013.3 999.0  10.5\n",
        "46042h/ATMP", ("1998-01-01T00:00:00", 9.8), 1, name="46042h.txt",
    ),
    "GHCN-daily by station": Sample(
        '"ID","DATE","ELEMENT","DATA_VALUE","M_FLAG","Q_FLAG","S_FLAG","OBS_TIME"\n'
        '"FR000007150","20240101","TMAX","101","","","S",""\n"FR000007150","20240101","PRCP","12","","D","S",""\n'
        '"FR000007150","20240102","TMAX","99","","","S",""\n',
        "FR000007150/PRCP", ("2024-01-01T00:00:00", 12.0), 1, streams=2, flag="D",
    ),
    "GHCN-daily by year": Sample(
        "".join(f"FR000007150,202401{day:02d},TMAX,{100 + day},,,S,0700\n" for day in range(1, 9)),
        "FR000007150/TMAX", ("2024-01-01T00:00:00", 101.0), 8,
    ),
    "daily summaries of the NCEI": Sample(
        '"STATION","DATE","LATITUDE","LONGITUDE","ELEVATION","NAME","PRCP","PRCP_ATTRIBUTES","TMAX","TMAX_ATTRIBUTES"\n'
        '"FR000007150","2024-01-01","48.82","2.34","75.0","PARIS, FR","1.2",",,E","9.1",",,E"\n'
        '"FR000007150","2024-01-02","48.82","2.34","75.0","PARIS, FR","0.0",",,E","8.1",",,E"\n',
        "FR000007150/TMAX", ("2024-01-01T00:00:00", 9.1), 2, flag=",,E", place=(2.34, 48.82), streams=2,
    ),
    "USGS, with the zone of each row": Sample(
        "# remarks\n#\nagency_cd\tsite_no\tdatetime\ttz_cd\t7891_00060\t7891_00060_cd\n5s\t15s\t20d\t6s\t14n\t10s\n"
        "USGS\t01491000\t2024-01-01 00:00\tEST\t142\tA\nUSGS\t01491000\t2024-01-01 00:15\tEST\t143\tA\n",
        "01491000/7891_00060", ("2024-01-01T05:00:00", 142.0), 2, flag="A", streams=1, name="sample.rdb",
    ),
    "the Water Quality Portal": Sample(
        "OrganizationIdentifier,ActivityStartDate,ActivityStartTime/Time,ActivityStartTime/TimeZoneCode,MonitoringLocationIdentifier,"
        "CharacteristicName,ResultMeasureValue,ResultMeasure/MeasureUnitCode,DetectionQuantitationLimitMeasure/MeasureValue,"
        "DetectionQuantitationLimitMeasure/MeasureUnitCode,Location_CountyCode\n"
        "USGS-MD,2024-01-01,10:30:00,EST,USGS-01491000,Nitrate,1.2,mg/l,0.04,mg/l,011\n"
        "USGS-MD,2024-01-01,10:30:00,EST,USGS-01491000,pH,7.2,std units,,,011\n",
        "USGS-01491000/Nitrate", ("2024-01-01T15:30:00", 1.2), 1, unit="mg/l", streams=2,
    ),
    "ICOS atmosphere": Sample(
        "# TITLE: ATMOSPHERIC CO2\n# STATION: Puy de Dome\n# LATITUDE: 45.7719 N\n# LONGITUDE: 2.9658 E\n# MISSING VALUE: -999.99\n"
        "#Site;SamplingHeight;Year;Month;Day;Hour;Minute;DecimalDate;co2;Stdev;NbPoints;Flag;InstrumentId\n"
        "PUY;10.0;2024;01;02;03;00;2024.0031;421.123;0.210;58;O;473\nPUY;10.0;2024;01;02;04;00;2024.0032;-999.990;-9.990;0;K;473\n",
        "PUY/co2", ("2024-01-02T03:00:00", 421.123), 1, flag="O", place=(2.9658, 45.7719), level=10.0,
    ),
    "FLUXNET": Sample(
        "TIMESTAMP_START,TIMESTAMP_END,TA_F,TA_F_QC,NEE_VUT_REF\n202401010000,202401010030,3.2,0,1.5\n202401010030,202401010100,3.1,0,-9999\n",
        "sample/TA_F", ("2024-01-01T00:00:00", 3.2), 2, flag="0", streams=2,
    ),
    "GLODAP": Sample(
        "G2expocode,G2cruise,G2station,G2region,G2cast,G2year,G2month,G2day,G2hour,G2minute,G2latitude,G2longitude,G2bottomdepth,"
        "G2pressure,G2depth,G2temperature,G2salinity,G2salinityf,G2salinityqc\n"
        "06AQ1984,1,9,1,1,1984,7,20,2,30,71.1,6.2,3000,10.2,10.1,5.1,34.9,2,1\n"
        "06AQ1984,1,9,1,1,1984,7,20,2,30,71.1,6.2,3000,20.4,20.2,5.0,-9999,9,1\n",
        "9/salinity", ("1984-07-20T02:30:00", 34.9), 1, flag="2", place=(6.2, 71.1), level=10.1,
    ),
    "AERONET": Sample(
        "AERONET Version 3\nLille\nVersion 3: AOD Level 2.0\nThe following data are automatically cloud cleared\nContact: someone\nAOD Level 2.0\n"
        "AERONET_Site,Date(dd:mm:yyyy),Time(hh:mm:ss),Day_of_Year,AOD_1020nm,AOD_870nm\n"
        "Lille,02:01:2024,09:30:15,2,0.045,-999.000000\nLille,02:01:2024,09:45:15,2,0.046,0.051\n",
        "Lille/AOD_1020nm", ("2024-01-02T09:30:15", 0.045), 2, streams=2,
    ),
    "PSMSL": Sample(
        " 1998.0417;  7075; 0;000\n 1998.1250;-99999;00;000\n 1998.2083;  7080; 0;000\n",
        "1/sea level", ("1998-01-16T05:18:00", 7075.0), 2, unit="mm", flag="000", name="1.csv",
    ),
    "the sea level centre of Hawaii": Sample(
        "1998,1,1,0,1234\n1998,1,1,1,-32767\n1998,1,1,2,1250\n",
        "h001/sea level", ("1998-01-01T00:00:00", 1234.0), 2, unit="mm", name="h001.csv",
    ),
    "SONEL, years with a fraction": Sample(
        "# Site : BRST\n# Year DN DE DU SDN SDE SDU\n2010.0014 0.0012 0.0010 -0.0033 0.0011 0.0012 0.0031\n2010.5000 0.0013 0.0011 -0.0031 0.0011 0.0012 0.0030\n",
        "BRST/DU", ("2010-01-01T12:16:00", -0.0033), 2, name="brst.txt",
    ),
    "levels and flows of Hub'Eau": Sample(
        "code_site;code_station;grandeur_hydro;date_debut_serie;date_fin_serie;statut_serie;code_methode_obs;date_obs;resultat_obs;"
        "code_qualification_obs;longitude;latitude\n"
        "A0;A040203001;H;2024-01-01T00:00:00Z;2024-01-02T00:00:00Z;0;0;2024-01-01T00:00:00Z;1234.0;16;7.5;47.6\n"
        "A0;A040203001;H;2024-01-01T00:00:00Z;2024-01-02T00:00:00Z;0;0;2024-01-01T00:05:00Z;1235.0;16;7.5;47.6\n",
        "A040203001/H", ("2024-01-01T00:00:00", 1234.0), 2, place=(7.5, 47.6), streams=1,
    ),
    "hours of Météo-France": Sample(
        "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJHH;RR1;QRR1;T;QT\n"
        "29075001;BREST-GUIPAVAS;48.444167;-4.412000;94;2024010100;0.2;1;11.2;1\n29075001;BREST-GUIPAVAS;48.444167;-4.412000;94;2024010101;;9;11.0;1\n",
        "29075001/T", ("2024-01-01T00:00:00", 11.2), 2, flag="1", place=(-4.412, 48.444167), streams=2,
    ),
    "months of Météo-France": Sample(
        "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMM;RR;NBJRR1\n29075001;BREST;48.44;-4.41;94;202401;120.2;12\n29075001;BREST;48.44;-4.41;94;202402;90.1;9\n",
        "29075001/RR", ("2024-01-01T00:00:00", 120.2), 2,
    ),
    "SYNOP of Météo-France": Sample(
        "numer_sta;date;pmer;tend;cod_tend;dd;ff;t;td;u\n07110;20240101000000;101320;-30;8;240;9.800000;284.350000;282.1;mq\n07110;20240101030000;101290;-30;8;240;9.1;284.2;282.0;80\n",
        "07110/t", ("2024-01-01T00:00:00", 284.35), 2,
    ),
    "decimal commas and days first": Sample(
        "Station;Date;Heure;Température (°C);Code qualité\r\nS1;31/12/2023;23h50;11,2;bon\r\nS1;01/01/2024;00h00;11,3;bon\r\n",
        "S1/Température", ("2023-12-31T23:50:00", 11.2), 2, unit="°C", flag="bon",
    ),
    "months first, and half a day": Sample(
        "Timestamp,Water Temp (degC)\n1/31/2024 11:30 PM,4.5\n2/1/2024 12:00 AM,4.6\n",
        "sample/Water Temp", ("2024-01-31T23:30:00", 4.5), 2, unit="degC",
    ),
    "Ocean Networks Canada": Sample(
        '#"Location: Folger Passage"\n#LATITUDE: 48.8138\n#LONGITUDE: -125.2806\n#\n'
        '#"Time UTC (yyyy-mm-ddThh:mm:ss.fffZ)", "Temperature (C)", "Temperature QC Flag  ", "Pressure (decibar)"\n'
        "2024-01-01T00:00:00.500Z, 9.123, 1, 98.1\n2024-01-01T00:00:01.500Z, 9.124, 1, 98.2\n",
        "sample/Temperature", ("2024-01-01T00:00:00", 9.123), 2, unit="C", flag="1", place=(-125.2806, 48.8138), level=98.1,
    ),
    "a spreadsheet of Ocean Data View": Sample(
        "//<Creator>x</Creator>\nCruise\tStation\tType\tyyyy-mm-ddThh:mm:ss.sss\tLongitude [degrees_east]\tLatitude [degrees_north]\t"
        "LOCAL_CDI_ID\tEDMO_code\tDEPTH [m]\tQV:SEADATANET\tTEMP [degC]\tQV:SEADATANET\n"
        "C1\tS1\t*\t2024-01-01T10:00:00.000\t-4.5\t48.3\tL1\t486\t1.0\t1\t11.5\t1\n\t\t\t\t\t\t\t\t5.0\t1\t11.4\t2\n",
        "S1/TEMP", ("2024-01-01T10:00:00", 11.5), 2, unit="degC", flag="1", place=(-4.5, 48.3), level=1.0, name="sample.txt",
    ),
    "ERDDAP": Sample(
        "time,station,latitude,longitude,sea_water_temperature\nUTC,,degrees_north,degrees_east,degree_C\n"
        "2024-01-01T00:00:00Z,iroise,48.3,-4.5,11.2\n2024-01-01T01:00:00Z,iroise,48.3,-4.5,NaN\n",
        "iroise/sea_water_temperature", ("2024-01-01T00:00:00", 11.2), 1, unit="degree_C", place=(-4.5, 48.3),
    ),
    "a climate reference station": Sample(
        "WBANNO UTC_DATE UTC_TIME LST_DATE LST_TIME CRX_VN LONGITUDE LATITUDE AIR_TEMPERATURE PRECIPITATION\n"
        "53131 20240101 0005 20231231 1705 2.623 -111.17 32.24 12.3 0.0\n53131 20240101 0010 20231231 1710 2.623 -111.17 32.24 12.2 -9999.0\n",
        "sample/AIR_TEMPERATURE", ("2024-01-01T00:05:00", 12.3), 2, place=(-111.17, 32.24), name="sample.txt",
    ),
    "air of Europe": Sample(
        "Countrycode,Namespace,AirQualityNetwork,AirQualityStation,AirQualityStationEoICode,SamplingPoint,AirPollutant,AirPollutantCode,"
        "Concentration,UnitOfMeasurement,DatetimeBegin,DatetimeEnd,Validity,Verification\n"
        "FR,FR.X,NET,STA-FR01,FR01001,SPO-1,NO2,8,12.5,µg/m3,2024-01-01 00:00:00 +01:00,2024-01-01 01:00:00 +01:00,1,1\n"
        "FR,FR.X,NET,STA-FR01,FR01001,SPO-1,NO2,8,13.5,µg/m3,2024-01-01 01:00:00 +01:00,2024-01-01 02:00:00 +01:00,1,1\n",
        "STA-FR01/NO2", ("2023-12-31T23:00:00", 12.5), 2, unit="µg/m3", flag="1", streams=1,
    ),
    "REFMAR": Sample(
        "# Station : BREST\n# Longitude : -4.495\n# Latitude : 48.3828\n# Fuseau horaire : UTC\n# Unité : m\n# Source 4 : Données validées\n"
        "# Date;Valeur;Source\n01/01/2020 00:00:00;4.233;4\n01/01/2020 01:00:00;3.871;4\n",
        "BREST/Valeur", ("2020-01-01T00:00:00", 4.233), 2, unit="m", place=(-4.495, 48.3828), streams=1, name="sample.txt",
    ),
    "temperatures of Hub'Eau": Sample(
        "code_station;libelle_station;date_mesure_temp;heure_mesure_temp;code_parametre;libelle_parametre;resultat;code_unite;symbole_unite;"
        "code_qualification;libelle_qualification;longitude;latitude\n"
        "04051125;LOIRE;2024-01-01;00:00:00;1301;Température de l'Eau;8.1;27;°C;1;Correcte;0.1;47.2\n"
        "04051125;LOIRE;2024-01-01;01:00:00;1301;Température de l'Eau;8.2;27;°C;1;Correcte;0.1;47.2\n",
        "04051125/Température de l'Eau", ("2024-01-01T00:00:00", 8.1), 2, unit="°C", flag="1", place=(0.1, 47.2), streams=1,
    ),
    "groundwater of Hub'Eau": Sample(
        "code_bss,date_mesure,timestamp_mesure,niveau_nappe_eau,statut,qualification,profondeur_nappe\n"
        "BSS001,2024-01-01,1704067200000,101.2,Donnée contrôlée,Correcte,5.2\nBSS001,2024-01-02,1704153600000,101.3,Donnée contrôlée,Correcte,5.1\n",
        "BSS001/niveau_nappe_eau", ("2024-01-01T00:00:00", 101.2), 2, flag="Donnée contrôlée", streams=2,
    ),
    "a logger of HOBO": Sample(
        '"Plot Title: 10437"\n"#","Date Time, GMT+02:00","Temp, °C (LGR S/N: 10437)","Coupler Attached (LGR S/N: 10437)"\n'
        "1,01/15/24 01:00:00 PM,12.5,\n2,01/15/24 01:15:00 PM,12.6,\n3,01/15/24 01:30:00 PM,12.6,Logged\n",
        "sample/Temp", ("2024-01-15T11:00:00", 12.5), 3, unit="°C", streams=1,
    ),
    "a logger of Campbell Scientific": Sample(
        '"TOA5","st","CR1000","1","x","CPU","2","Tab"\n"TIMESTAMP","RECORD","AirTC_Avg","RH"\n"TS","RN","Deg C","%"\n"","","Avg","Smp"\n'
        '"2024-01-01 00:00:00",1,12.5,60\n"2024-01-01 00:30:00",2,"NAN",61\n',
        "sample/AirTC_Avg", ("2024-01-01T00:00:00", 12.5), 1, unit="Deg C", streams=2, name="sample.dat",
    ),
    "ECA&D": Sample(
        "EUROPEAN CLIMATE ASSESSMENT\n\nFILE FORMAT (MISSING VALUE CODE IS -9999):\n\n01-06 STAID: Station identifier\n\n"
        "STAID, SOUID,    DATE,   TG, Q_TG\n     1, 35381,19180101,   23,    0\n     1, 35381,19180102,   13,    0\n     1, 35381,19180103,-9999,    9\n",
        "1/TG", ("1918-01-01T00:00:00", 23.0), 2, flag="0", streams=1, name="sample.txt",
    ),
    "hours of the KNMI": Sample(
        "# STN,YYYYMMDD,   HH,   DD,   FH,    T\n\n  260,20240101,    1,  230,   60,   85\n  260,20240101,    2,  230,   60,   84\n",
        "260/T", ("2024-01-01T01:00:00", 85.0), 2, streams=3, name="sample.txt",
    ),
    "sea levels of the IOC": Sample(
        "Time (UTC),prs(m),rad(m)\n2024-01-01 00:00:00,1.234,1.300\n2024-01-01 00:01:00,1.236,1.301\n",
        "sample/prs", ("2024-01-01T00:00:00", 1.234), 2, unit="m", streams=2,
    ),
    "OpenAQ": Sample(
        "location,city,utc,local,parameter,value,unit,latitude,longitude\n"
        "Paris,Paris,2024-01-01T00:00:00.000Z,2024-01-01T01:00:00+01:00,pm25,12,µg/m³,48.8,2.3\n"
        "Paris,Paris,2024-01-01T00:00:00.000Z,2024-01-01T01:00:00+01:00,no2,22,µg/m³,48.8,2.3\n",
        "Paris/no2", ("2024-01-01T00:00:00", 22.0), 1, unit="µg/m³", place=(2.3, 48.8), streams=2,
    ),
    "a channel of a service of things": Sample(
        "created_at,entry_id,field1,field2\n2024-01-01 00:00:00 UTC,1,12.5,60\n2024-01-01 00:15:00 UTC,2,12.6,61\n",
        "sample/field1", ("2024-01-01T00:00:00", 12.5), 2, streams=2,
    ),
    "waves of Candhis": Sample(
        "DateHeure;H13D;Th13D;DirP\n2024-01-01 00:00:00;1.5;8;270\n2024-01-01 00:30:00;1.6;8;271\n",
        "sample/DirP", ("2024-01-01T00:00:00", 270.0), 2, streams=3,
    ),
    "hours of the NCEI": Sample(
        "STATION|Station_name|DATE|LATITUDE|LONGITUDE|temperature|temperature_Quality_Code\n"
        "USW1|X|2024-01-01T00:00:00|40|-70|12.5|1\nUSW1|X|2024-01-01T01:00:00|40|-70|12.6|1\n",
        "USW1/temperature", ("2024-01-01T00:00:00", 12.5), 2, flag="1", place=(-70.0, 40.0), streams=1, name="sample.psv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_a_table_of_a_data_centre(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    path = tmp_path / sample.name
    path.write_text(sample.text)
    found = held_in(table.FORMAT, path)
    assert found.refused == []
    assert sample.key in found.streams, sorted(found.streams)
    stream, rows = found.streams[sample.key], found.rows[sample.key]
    told = found.told(sample.key)
    assert (told[0], len(told)) == (sample.first, sample.many)
    assert stream.variable.unit == sample.unit
    assert (None if rows.flag is None else rows.flag[0]) == sample.flag
    if sample.place is not None:
        moving = (
            None if rows.longitude is None or rows.latitude is None else (rows.longitude[0], rows.latitude[0])
        )
        assert ((stream.thing.longitude, stream.thing.latitude) if moving is None else moving) == sample.place
    assert (None if rows.vertical is None else rows.vertical[0]) == sample.level
    if sample.streams:
        assert len(found.streams) == sample.streams, sorted(found.streams)


@pytest.mark.parametrize(
    "title",
    [
        "Location_CountyCode", "stationId", "siteNo", "site_no", "WBAN", "postcode", "code_postal", "CodePostal", "INSEE", "nb_years",
        "YearsOfRecord", "HUCEightDigitCode", "objectid", "record_number", "Serial number", "FirmwareVersion", "type_entite", "ISO_code",
        "coordonnee_x", "latitude_max", "num_serie", "uuid", "Climate ID", "EDMO_code", "profiler_type", "RECORD", "LocationCode",
    ],
)  # fmt: skip
def test_what_names_or_counts_is_no_value(title: str) -> None:
    text = f"time,{title},temp\n" + "".join(
        f"2024-01-{day:02d},{day % 3 + 1},{day}.5\n" for day in range(1, 9)
    )
    found = table.layout(Document("a.csv", text.encode()))
    assert [column.name for column in found.of("value")] == ["temp"]


@pytest.mark.parametrize(
    "title",
    [
        "NO", "NO2", "pH", "Number of particles", "nitrate no3", "waterLevel", "Qmm", "discharge_m3s", "T10", "Snow depth", "sea level",
        "Chl-a", "CO2_dry", "wind_direction", "PM2.5", "Precip24h", "codend temperature", "idle current", "Wave height", "B32C0609_1",
        "relative_humidity", "photosynthetic", "Battery voltage",
    ],
)  # fmt: skip
def test_what_measures_is_a_value(title: str) -> None:
    text = f"time,{title}\n" + "".join(f"2024-01-{day:02d},{day}.5\n" for day in range(1, 9))
    found = table.layout(Document("a.csv", text.encode()))
    assert [column.name for column in found.of("value")] == [title]


def test_postcodes_are_known_by_their_zeros() -> None:
    text = "time,place,temp\n2024-01-01,01000,1.5\n2024-01-02,29200,1.6\n"
    found = table.layout(Document("a.csv", text.encode()))
    assert [column.name for column in found.of("value")] == ["temp"]


NAMES = st.sampled_from(
    ["temperature", "Salinité", "turbidity (NTU)", "NO3 [mg/l]", "windSpeed", "Débit", "QH"]
)
TIMES = st.sampled_from(
    ["{y:04d}-{m:02d}-{d:02d}T{H:02d}:{M:02d}:00Z", "{y:04d}-{m:02d}-{d:02d} {H:02d}:{M:02d}", "{d:02d}/{m:02d}/{y:04d} {H:02d}:{M:02d}",
     "{y:04d}{m:02d}{d:02d}{H:02d}{M:02d}", "{d}.{m}.{y:04d} {H:02d}:{M:02d}:00", "{y:04d}/{m:02d}/{d:02d} {H}h{M:02d}"]
)  # fmt: skip
VALUES = st.lists(
    st.none() | st.integers(-5_000, 5_000).map(lambda n: n / 100), min_size=4, max_size=12
).filter(lambda found: any(one is not None for one in found))


@given(
    columns=st.dictionaries(NAMES, VALUES, min_size=1, max_size=4),
    pattern=TIMES,
    sign=st.sampled_from([";,", ";.", "\t,", "\t.", ",.", "|."]),
    missing=st.sampled_from(["", "-999", "NaN", "-9999.0", "NA"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    quoted=st.booleans(),
    remark=st.sampled_from(["", "# of a station", "Producteur : l'observatoire"]),
)
def test_a_table_written_by_any_habit_is_read_as_it_was_meant(  # noqa: PLR0917 - as many habits
    columns: dict[str, list[float | None]], pattern: str, sign: str, missing: str, end: str, encoding: str, quoted: bool, remark: str,
) -> None:  # fmt: skip
    separator, decimal = sign
    count = min(map(len, columns.values()))
    quote = '"' if quoted else ""
    moments = [{"y": 2023, "m": 12, "d": 13 + n, "H": n, "M": 30} for n in range(count)]
    lines = [remark] * bool(remark) + [separator.join(f"{quote}{one}{quote}" for one in ("date", *columns))]
    for n, moment in enumerate(moments):
        cells = [
            missing if values[n] is None else f"{values[n]:.2f}".replace(".", decimal)
            for values in columns.values()
        ]
        lines.append(separator.join([f"{quote}{pattern.format(**moment)}{quote}", *cells]))
    body = (end.join(lines) + end).encode(encoding)
    found = held(table.FORMAT, Document("a.csv", body))
    assert found.refused == []
    for title, values in columns.items():
        meant = [
            (f"2023-12-{13 + n:02d}T{n:02d}:30:00", value)
            for n, value in enumerate(values[:count])
            if value is not None
        ]
        name = title.split(" ")[0]
        if meant:
            assert found.told(f"a/{name}") == meant


def test_a_zone_of_a_place_knows_summer_and_winter() -> None:
    text = "date Europe/Paris;t\n2024-01-01 12:00;1\n2024-07-01 12:00;2\n"
    found = held(table.FORMAT, Document("a.csv", text.encode()))
    assert [at for at, _ in found.told("a/t")] == ["2024-01-01T11:00:00", "2024-07-01T10:00:00"]


def test_a_quote_too_many_costs_its_line_alone(tmp_path: Path) -> None:
    rows = [f"2024-01-{day:02d};brest;{day},5" for day in range(1, 29)]
    rows[3] = rows[3].replace("brest", '"brest')
    (tmp_path / "a.csv").write_text("\n".join(["date;station;t", *rows]) + "\n")
    found = held_in(table.FORMAT, tmp_path / "a.csv")
    assert sum(len(one.time) for one in found.rows.values()) == 28
    (tmp_path / "b.csv").write_text(
        'date;note;t\n2024-01-01;"of two\nlines";1,5\n2024-01-02;x;y2\n2024-01-03;x;2,5\n2024-01-04;x;2,5\n2024-01-05;x;2\n'
    )
    found = held_in(table.FORMAT, tmp_path / "b.csv")
    assert [value for _, value in found.told("b/t")] == [1.5, 2.5, 2.5, 2.0]
    assert [one.line for one in found.refused] == [4]


def test_local_times_and_days_that_may_be_months_are_doubted() -> None:
    text = "Date/Time (LST),t\n01/02/2024 00:00,1.5\n03/02/2024 01:00,1.6\n"
    words = table.layout(Document("a.csv", text.encode())).told()
    assert "called local, and are taken for UTC" in words
    assert "the day is taken to come first" in words


def test_numbers_far_from_all_others_stand_for_nothing_and_are_told() -> None:
    text = (
        "time,t,u\n"
        + "".join(f"2024-01-{day:02d},{day}.5,{90 + day}\n" for day in range(1, 10))
        + "2024-01-10,999.9,99\n"
    )
    document = Document("a.csv", text.encode())
    assert "t                              value, 999.9 for missing" in table.layout(document).told()
    found = held(table.FORMAT, document)
    assert max(value for _, value in found.told("a/t")) == 9.5
    assert found.told("a/u")[-1] == ("2024-01-10T00:00:00", 99.0)


def test_lists_of_channels_and_files_are_no_observations() -> None:
    for text, why in (
        ("#Network|Station|Latitude|StartTime\nIU|ANMO|34.9|2000-01-01T00:00:00\n", "a list of stations"),
        (
            "# Title : x\nfile,date,latitude,longitude,profiler_type\na.nc,20240101000000,1.0,2.0,846\n",
            "an index of files",
        ),
        (
            "code_station,longitude,latitude,altitude,date_creation\nA1,1.5,45.2,120.5,2001-01-01\nA2,1.5,45.2,121.5,2002-01-01\n",
            "no column of times",
        ),
    ):
        with pytest.raises(Invalid, match=why):
            table.layout(Document("a.txt", text.encode()))


def test_a_cast_told_above_its_table_is_one_profile() -> None:
    text = "% Cast time (UTC),2024-01-02 03:04:05\n% Start latitude,-36.2\n% Start longitude,150.2\n% \nPressure (Decibar),Temperature (Celsius)\n0.5,16.4\n1.0,16.3\n"
    found = held(table.FORMAT, Document("cast.csv", text.encode()))
    stream, rows = found.streams["cast/Temperature"], found.rows["cast/Temperature"]
    assert found.told("cast/Temperature") == [("2024-01-02T03:04:05", 16.4), ("2024-01-02T03:04:05", 16.3)]
    assert (stream.thing.longitude, stream.thing.latitude) == (150.2, -36.2)
    assert rows.vertical is not None
    assert rows.vertical.tolist() == [0.5, 1.0]
    assert not any(math.isnan(value) for _, value in found.told("cast/Temperature"))


def test_a_one_in_brackets_is_a_unit_unless_it_counts() -> None:
    text = "time;latitude;longitude;salinity (1);count (1);count (2)\n2024-01-01T00:00:00Z;48.5;-4.5;35.1;7;8\n2024-01-01T01:00:00Z;48.5;-4.5;35.2;7;9\n"
    found = held(table.FORMAT, Document("brest.csv", text.encode())).streams.values()
    assert {(one.variable.name, one.variable.unit) for one in found} >= {("salinity", "1"), ("count (2)", "")}
