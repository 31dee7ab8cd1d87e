/* Fichier en ISO 8859-1: les lettres accentuées tiennent sur un octet. */
#include <stddef.h>

/* Compte les voyelles accentuées d'une chaîne: à â é è ê î ô ù û. */
size_t count_accented(const unsigned char *text)
{
    size_t count = 0;
    for (; *text != 0; text++) {
        if (*text >= 0xE0 && *text <= 0xFC) {
            count++;
        }
    }
    return count;
}
