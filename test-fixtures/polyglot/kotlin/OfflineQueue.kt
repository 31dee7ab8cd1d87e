package org.example.fieldwork.sync

import java.time.Instant

/** A change that the surveyor made on the phone and that the server has not seen yet. */
data class PendingChange(val id: String, val recordId: String, val field: String, val value: String, val madeAt: Instant)

sealed interface SyncResult {
    data object Accepted : SyncResult
    data class Conflict(val serverValue: String, val changedAt: Instant) : SyncResult
    data object Unreachable : SyncResult
}

interface Uplink {
    suspend fun push(change: PendingChange): SyncResult
}

interface QueueStorage {
    fun load(): List<PendingChange>
    fun save(changes: List<PendingChange>)
}

/**
 * Collects edits while the phone has no signal and sends them in order once it has one.
 *
 * Two edits of the same field are merged into the later one before they are sent, which saves data volume
 * on a bad line.
 */
class OfflineQueue(private val storage: QueueStorage, private val uplink: Uplink) {
    private val pending = storage.load().toMutableList()

    val size: Int get() = pending.size

    fun enqueue(change: PendingChange) {
        pending.removeAll { it.recordId == change.recordId && it.field == change.field }
        pending += change
        storage.save(pending)
    }

    /** Sends until the queue is empty or the line drops; answers the conflicts that a person must decide. */
    suspend fun flush(): List<Pair<PendingChange, SyncResult.Conflict>> {
        val conflicts = mutableListOf<Pair<PendingChange, SyncResult.Conflict>>()
        while (pending.isNotEmpty()) {
            val change = pending.first()
            when (val result = uplink.push(change)) {
                is SyncResult.Accepted -> Unit
                is SyncResult.Unreachable -> return conflicts
                is SyncResult.Conflict -> if (result.changedAt > change.madeAt) conflicts += change to result
            }
            pending.removeAt(0)
            storage.save(pending)
        }
        return conflicts
    }
}
