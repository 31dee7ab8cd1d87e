#include "ring_buffer.h"

bool ring_init(ring_buffer *ring, uint8_t *storage, size_t capacity)
{
    if (capacity == 0 || (capacity & (capacity - 1)) != 0) {
        return false;
    }
    ring->storage = storage;
    ring->mask = capacity - 1;
    ring->head = 0;
    ring->tail = 0;
    ring->lost = 0;
    return true;
}

size_t ring_count(const ring_buffer *ring)
{
    /* The indices run on without wrapping; their difference is right even after an overflow. */
    return ring->head - ring->tail;
}

bool ring_push(ring_buffer *ring, uint8_t byte)
{
    if (ring_count(ring) > ring->mask) {
        ring->lost++;
        return false;
    }
    ring->storage[ring->head & ring->mask] = byte;
    /* The byte must be in place before the reader can see the new head. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    ring->head++;
    return true;
}

bool ring_pop(ring_buffer *ring, uint8_t *byte)
{
    if (ring_count(ring) == 0) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    *byte = ring->storage[ring->tail & ring->mask];
    ring->tail++;
    return true;
}
