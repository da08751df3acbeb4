"""What a column of an inventory can mean, and the names it goes by in seven languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A field, what people call it on screen, and the header names (already plain) that mean it.

    ``many``: several columns may feed it (*Caméra 1*, *Caméra 2*).
    """

    name: str
    title: str
    names: tuple[str, ...]
    many: bool = False


def _field(name: str, title: str, names: str, *, many: bool = False) -> FieldWords:
    return FieldWords(name, title, tuple(part.strip() for part in names.split(",")), many)


FIELDS: tuple[FieldWords, ...] = (
    _field(
        "code",
        "Code de la caméra",
        "code, identifiant, id, camera, reference, ref, numero, n, no, num, id camera, camera id, identifiant "
        "camera, code camera, numero camera, numero de camera, n camera, n cam, num camera, cam, ref camera, "
        "reference camera, nom camera, camera name, camera number, camera no, camera ref, cctv id, cctv ref, "
        "asset id, asset number, identifier, unique id, uid, uuid, objectid, fid, gid, matricule, etiquette, "
        "codigo, id de camara, codigo camara, numero camara, camara, id camara, kamera, kamera id, "
        "kameranummer, kamera nr, nummer, nr, kennung, codice, codice telecamera, telecamera, id telecamera, "
        "identificativo, cameranummer, camera nr, camera nummer, codigo da camara, id da camara, "
        "identificador, kennzeichen, id cam, code cam, vdo, numero vdo, id vdo",
    ),
    _field(
        "label",
        "Libellé",
        "label, libelle, nom, designation, intitule, description, denomination, name, title, titre, location "
        "name, location, localisation, situation, nombre camara, nombre, descripcion, bezeichnung, "
        "beschreibung, nome, descrizione, denominazione, naam, omschrijving, descricao, designacao, "
        "emplacement camera, nom de la camera, camera location, libelle camera, field of view, vue, champ de "
        "vision, camera description, ubicacion, ort, standort, posizione, locatie, localizacao, localizacion",
    ),
    _field(
        "address",
        "Adresse",
        "adresse, adresse postale, rue, voie, nom de la voie, nom voie, street, street name, address, road, "
        "road name, calle, direccion, via, strasse, anschrift, indirizzo, adres, straat, straatnaam, "
        "endereco, rua, morada, lieu, adresse precise, adresse complete, libelle adresse, numero et voie, "
        "adresse de la camera, calle y numero, domicilio",
    ),
    _field(
        "site",
        "Point d'implantation",
        "site, point d implantation, implantation, mat, nom du site, site name, id site, code site, numero "
        "site, n site, emplacement, lieu d implantation, point de vue, poteau, support id, pole, pole id, "
        "column, numero mat, n mat, emplazamiento, sitio, punto, punto de instalacion, aufstellort, "
        "installationsort, sito, postazione, locatie paal, mast, local, local de instalacao, standortname, "
        "secteur camera, lieu dit, nom site, site camera",
    ),
    _field(
        "commune",
        "Commune",
        "commune, ville, nom commune, nom de la commune, nom com, libelle commune, libgeo, city, town, "
        "municipality, municipio, ciudad, poblacion, gemeinde, stadt, comune, citta, gemeente, stad, plaats, "
        "concelho, cidade, localite, arrondissement, collectivite, local authority, council, nom ville, "
        "commune d implantation, localidad, ortschaft, insee, code insee, code commune, codeinsee, insee com, "
        "codgeo, code geo, depcom, com, code insee commune, c insee, num insee, numero insee, insee code, "
        "commune insee, code commune insee, codigo municipio, codice istat, municipality code, "
        "gemeindeschlussel, ags, gemeentecode, ville commune, commune ville",
    ),
    _field(
        "postcode",
        "Code postal",
        "code postal, cp, codepostal, code post, postcode, postal code, zip, zip code, zipcode, post code, "
        "codigo postal, cod postal, postleitzahl, plz, cap, codice postale, postcodes, c p",
    ),
    _field(
        "lon",
        "Longitude ou X",
        "lon, longitude, lng, long, x, x l93, x lambert93, x lambert 93, lambert x, x lambert, coord x, "
        "coordx, coordonnee x, coordonnees x, easting, eastings, est, point x, pos x, x wgs84, longitude "
        "wgs84, long wgs84, gps x, geo x, geo lon, gps lon, gps longitude, x coord, xcoord, x coordinate, "
        "coordenada x, utm x, langengrad, laenge, lange, longitudine, lengtegraad, rechtswert, longitud, x "
        "2154, lambert93 x, l93 x, xl93, x rgf93, x cc49, x cc50, x m, longitude x, longitude dd, longitude "
        "decimale, lon dd, east, ost, oost, geopoint lon, position x, ostwert, xwgs84, decimal longitude",
    ),
    _field(
        "lat",
        "Latitude ou Y",
        "lat, latitude, y, y l93, y lambert93, y lambert 93, lambert y, y lambert, coord y, coordy, "
        "coordonnee y, coordonnees y, northing, northings, nord, point y, pos y, y wgs84, latitude wgs84, lat "
        "wgs84, gps y, geo y, geo lat, gps lat, gps latitude, y coord, ycoord, y coordinate, coordenada y, "
        "utm y, breitengrad, breite, latitudine, breedtegraad, hochwert, latitud, y 2154, lambert93 y, l93 y, "
        "yl93, y rgf93, y cc49, y cc50, y m, latitude y, latitude dd, latitude decimale, lat dd, north, "
        "noord, geopoint lat, position y, nordwert, ywgs84, decimal latitude",
    ),
    _field(
        "coordinates",
        "Coordonnées (les deux)",
        "coordonnees, coordonnees gps, coords, coord, coordinates, gps, geo point, geo point 2d, geopoint, "
        "geo, geom, geometry, geo shape, the geom, wkt, position, latlng, lat lng, lat lon, latlon, lat long, "
        "latitude longitude, lon lat, position gps, point gps, gps coordinates, coordenadas, coordenadas gps, "
        "koordinaten, gps koordinaten, coordinate, coordinate gps, coordinaten, coordinaat, geolocalisation, "
        "xy, x y, point, lonlat, longitude latitude, latitude et longitude, coordonnees geographiques, shape, "
        "geolocation, location gps, geocodage",
    ),
    _field(
        "crs",
        "Système de coordonnées",
        "crs, srid, epsg, projection, systeme de coordonnees, systeme, referentiel, code epsg, datum, srs",
    ),
    _field(
        "kind",
        "Type de caméra",
        "kind, type, nature, type camera, type de camera, type de cameras, technologie, categorie, camera "
        "type, modele type, type cam, tipo, tipo de camara, tipo camara, kameratyp, typ, art, tipo "
        "telecamera, tipo di telecamera, type camera s, soort, cameratype, tipo de camera, fixe ptz, fixe ou "
        "dome, type materiel, type d equipement, optique, category, type s, tipologia, bauart, camera kind, "
        "fixe mobile",
    ),
    _field(
        "status",
        "État",
        "status, statut, etat, state, situation administrative, etat camera, etat de fonctionnement, "
        "fonctionnement, operationnel, en service, estado, zustand, stato, toestand, situacao, avancement, "
        "phase, condition, actif, etat actuel, betriebszustand, etat de la camera, statut camera, en fonction",
    ),
    _field(
        "installed_on",
        "Date de mise en service",
        "installed on, date de mise en service, mise en service, date mise en service, date d installation, "
        "date installation, installation, date pose, date de pose, installe le, annee, annee d installation, "
        "annee installation, installed, install date, installation date, date installed, date of "
        "installation, year installed, commissioned, in service date, fecha, fecha de instalacion, fecha "
        "instalacion, fecha de puesta en servicio, datum, installationsdatum, einbaudatum, inbetriebnahme, "
        "data, data installazione, data di installazione, installatiedatum, datum plaatsing, data de "
        "instalacao, date, annee de mise en service, date mes, mes, date creation, annee pose, opening date, "
        "ano, jahr, anno, jaar",
    ),
    _field(
        "precision",
        "Précision de la position",
        "precision, precision de l implantation, precision position, precision de la localisation, precision "
        "geocodage, position precision, accuracy, qualite de la position, qualite geocodage, precision xy, "
        "genauigkeit, precision geo",
    ),
    _field(
        "rtsp_main",
        "Adresse RTSP principale",
        "rtsp main, rtsp principal, flux principal, rtsp, url, url rtsp, flux rtsp, adresse rtsp, stream, "
        "stream url, flux, url flux, lien, lien flux, main stream, url principal, video url, flux video, rtsp "
        "url, url stream, flux 1, lien rtsp, url video, url du flux, hauptstream, flujo, flusso, url camera, "
        "primary stream",
    ),
    _field(
        "rtsp_sub",
        "Adresse RTSP secondaire",
        "rtsp sub, rtsp secondaire, flux secondaire, sub stream, substream, rtsp 2, flux 2, url secondaire, "
        "url rtsp secondaire, url sub, second stream, nebenstream, secondary stream",
    ),
    _field(
        "onvif",
        "Adresse ONVIF",
        "onvif, url onvif, adresse onvif, onvif url, onvif address, service onvif, onvif xaddr",
    ),
    _field(
        "ip",
        "Adresse IP",
        "ip, adresse ip, ip address, ip adresse, address ip, direccion ip, indirizzo ip, ip adres, ip camera, "
        "adresse ip camera, ipv4, host, hote, endereco ip, ip cam, hostname",
    ),
    _field(
        "username",
        "Identifiant de connexion",
        "username, utilisateur, login, user, nom d utilisateur, identifiant connexion, compte, usuario, "
        "benutzer, benutzername, utente, gebruiker, gebruikersnaam, user name, identifiant de connexion, nom "
        "utilisateur, utilizador, account",
    ),
    _field(
        "password",
        "Mot de passe",
        "password, mot de passe, mdp, pwd, pass, passwd, contrasena, clave, passwort, kennwort, parola, "
        "wachtwoord, senha, code d acces, mot de passe camera, palavra passe, secret",
    ),
    _field(
        "manufacturer",
        "Fabricant",
        "manufacturer, fabricant, marque, constructeur, brand, make, maker, vendor, marca, fabricante, "
        "hersteller, marke, produttore, merk, fabrikant, marque camera, oem",
    ),
    _field(
        "model",
        "Modèle",
        "model, modele, reference modele, modele camera, model name, modelo, modell, modello, reference "
        "materiel, reference produit, ref constructeur, reference constructeur, part number, camera model, "
        "marque modele, marque et modele, modele de camera",
    ),
    _field(
        "firmware",
        "Micrologiciel",
        "firmware, micrologiciel, version firmware, fw, version logicielle, firmware version",
    ),
    _field(
        "serial",
        "Numéro de série",
        "serial, numero de serie, n de serie, n serie, num serie, serial number, sn, s n, no serie, numero "
        "serie, numero de serie camera, seriennummer, numero di serie, matricola, serienummer, serial no, "
        "numero serial, adresse mac, mac",
    ),
    _field(
        "azimuth_deg",
        "Azimut (°)",
        "azimuth deg, azimut, azimuth, orientation, direction, cap, bearing, heading, angle, orientacion, "
        "direccion camara, richtung, blickrichtung, ausrichtung, orientamento, richting, orientacao, camera "
        "direction, azimut degres, cap degres",
    ),
    _field(
        "opening_deg",
        "Ouverture (°)",
        "opening deg, ouverture, angle de vue, angle d ouverture, champ, fov, horizontal fov, angle de champ, "
        "offnungswinkel, angulo, angulo de vision, angolo, kijkhoek, view angle, viewing angle, angle "
        "ouverture, camera angle",
    ),
    _field(
        "range_m",
        "Portée (m)",
        "range m, portee, distance, range, alcance, reichweite, portata, bereik, portee m, distance m",
    ),
    _field(
        "height_m",
        "Hauteur (m)",
        "height m, hauteur, height, hauteur mat, hauteur de pose, altura, hohe, hoehe, altezza, hoogte, "
        "hauteur m, mounting height, hauteur du mat, hauteur d installation",
    ),
    _field(
        "count",
        "Nombre de caméras",
        "count, nombre de cameras, nb cameras, nombre cameras, nbre cameras, nb camera, nbre de cameras, "
        "nombre, quantite, qte, number of cameras, no of cameras, num cameras, cameras, quantity, qty, numero "
        "de camaras, camaras, cantidad, anzahl, anzahl kameras, numero telecamere, numero di telecamere, "
        "telecamere, quantita, aantal, aantal camera s, numero de cameras, nb, nb de cameras, nbre, total "
        "cameras, cameras count, aantal cameras, nombre de camaras, camera count",
    ),
    _field(
        "cameras",
        "Caméras du site",
        "liste des cameras, liste cameras, camera 1, camera 2, camera 3, camera 4, camera 5, camera 6, camera "
        "7, camera 8, cam 1, cam 2, cam 3, cam 4, cam 5, cam 6, camara 1, camara 2, camara 3, camara 4, "
        "kamera 1, kamera 2, kamera 3, kamera 4, telecamera 1, telecamera 2, telecamera 3, telecamera 4, "
        "camera1, camera2, camera3, camera4, cam1, cam2, cam3, cam4, codes cameras, identifiants cameras, "
        "camera ids, camera list, references cameras, numeros cameras, numeros de cameras, type camera 1, "
        "type camera 2, type camera 3, id camera 1, id camera 2, id camera 3, codes, identifiants",
        many=True,
    ),
    _field(
        "kind_counts",
        "Nombre par type",
        "nb fixe, nb fixes, nombre fixes, nombre de fixes, nb ptz, nombre ptz, nombre de ptz, nb dome, nb "
        "domes, nombre de domes, nombre domes, nb panoramique, nb panoramiques, nombre de panoramiques, nb "
        "nomade, nb nomades, nombre de nomades, fixe, fixes, ptz, dome, domes, panoramique, panoramiques, "
        "nomade, nomades, nb cameras fixes, nb cameras ptz, nb cameras domes, nb cameras panoramiques, nb "
        "cameras nomades, nombre de cameras fixes, nombre de cameras ptz, nombre de cameras domes, nombre de "
        "cameras panoramiques, nombre de cameras nomades, cameras fixes, cameras ptz, cameras domes, cameras "
        "panoramiques, cameras nomades, multi capteur, multi capteurs, nb multi capteurs, 360",
        many=True,
    ),
    _field(
        "notes",
        "Remarques",
        "notes, note, remarques, remarque, commentaire, commentaires, observation, observations, comment, "
        "comments, remarks, observaciones, bemerkung, bemerkungen, anmerkung, osservazioni, opmerking, "
        "opmerkingen, observacoes, precisions, infos, information, informations, complement, complement d "
        "adresse",
    ),
    _field(
        "crossing",
        "Rue de croisement",
        "rue croisement 1, rue croisement 2, rue croisement 3, croisement, croisement 1, croisement 2, angle "
        "de rue, a l angle de, intersection, cross street, crossing, cruce, kreuzung, incrocio, kruising, rue "
        "1, rue 2, rue 3, voie 1, voie 2",
        many=True,
    ),
)
BY_NAME = {field.name: field for field in FIELDS}
MANY = frozenset(field.name for field in FIELDS if field.many)
