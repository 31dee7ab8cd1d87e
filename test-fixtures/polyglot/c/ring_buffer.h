#ifndef RING_BUFFER_H
#define RING_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes on their way from the serial port's interrupt to the main loop. One writer, one reader, no lock. */
typedef struct {
    uint8_t *storage;
    size_t mask;             /* capacity - 1; the capacity is a power of two */
    volatile size_t head;    /* next place to write; only the interrupt changes it */
    volatile size_t tail;    /* next place to read; only the main loop changes it */
    volatile uint32_t lost;  /* bytes that came while the buffer was full */
} ring_buffer;

/** False when `capacity` is no power of two. */
bool ring_init(ring_buffer *ring, uint8_t *storage, size_t capacity);

/** Called from the interrupt handler. */
bool ring_push(ring_buffer *ring, uint8_t byte);

/** Called from the main loop; false when there is nothing to read. */
bool ring_pop(ring_buffer *ring, uint8_t *byte);

size_t ring_count(const ring_buffer *ring);

#endif
