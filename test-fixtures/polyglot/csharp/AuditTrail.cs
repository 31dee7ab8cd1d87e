using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;

namespace Example.Records;

/// <summary>One line of the trail: who did what, and the seal of the line before.</summary>
public sealed record AuditEntry(long Sequence, DateTimeOffset At, string Actor, string Action, string PreviousSeal)
{
    public string Seal { get; } = ComputeSeal(Sequence, At, Actor, Action, PreviousSeal);

    public static string ComputeSeal(long sequence, DateTimeOffset at, string actor, string action, string previous)
    {
        var text = $"{sequence}|{at:O}|{actor}|{action}|{previous}";
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}

/// <summary>
/// A history that cannot be altered unnoticed: each entry carries the hash of its predecessor, so a change
/// anywhere breaks every seal after it.
/// </summary>
public sealed class AuditTrail
{
    private const string Genesis = "0000000000000000";
    private readonly List<AuditEntry> _entries = new();
    private readonly object _gate = new();

    public IReadOnlyList<AuditEntry> Entries => _entries;

    public AuditEntry Append(string actor, string action, DateTimeOffset at)
    {
        if (string.IsNullOrWhiteSpace(actor))
        {
            throw new ArgumentException("An audit entry needs an actor.", nameof(actor));
        }

        lock (_gate)
        {
            var previous = _entries.Count == 0 ? Genesis : _entries[^1].Seal;
            var entry = new AuditEntry(_entries.Count + 1, at, actor, action, previous);
            _entries.Add(entry);
            return entry;
        }
    }

    /// <summary>The first entry that has been tampered with, or null when the chain is whole.</summary>
    public AuditEntry? FindFirstForgery()
    {
        var previous = Genesis;
        foreach (var entry in _entries)
        {
            var expected = AuditEntry.ComputeSeal(entry.Sequence, entry.At, entry.Actor, entry.Action, previous);
            if (entry.PreviousSeal != previous || entry.Seal != expected)
            {
                return entry;
            }

            previous = entry.Seal;
        }

        return null;
    }
}
