const std = @import("std");

/// Hands out memory for the time of one frame and takes all of it back at once.
/// Nothing is freed piece by piece, so there is nothing to forget.
pub const FrameArena = struct {
    buffer: []u8,
    used: usize = 0,
    /// The most that any frame has needed; tells how large the buffer should be.
    high_water: usize = 0,

    pub const Error = error{FrameMemoryExhausted};

    pub fn init(buffer: []u8) FrameArena {
        return .{ .buffer = buffer };
    }

    /// Room for `count` items, aligned as the type wants it.
    pub fn alloc(self: *FrameArena, comptime T: type, count: usize) Error![]T {
        const start = std.mem.alignForward(usize, self.used, @alignOf(T));
        const end = start + count * @sizeOf(T);
        if (end > self.buffer.len) return Error.FrameMemoryExhausted;
        self.used = end;
        self.high_water = @max(self.high_water, end);
        const bytes: []align(@alignOf(T)) u8 = @alignCast(self.buffer[start..end]);
        return std.mem.bytesAsSlice(T, bytes);
    }

    /// A mark to which the arena can be wound back, for work inside a frame.
    pub fn mark(self: *const FrameArena) usize {
        return self.used;
    }

    pub fn rewind(self: *FrameArena, to: usize) void {
        std.debug.assert(to <= self.used);
        self.used = to;
    }

    pub fn endFrame(self: *FrameArena) void {
        self.used = 0;
    }
};

test "a full buffer is an error and not a crash" {
    var storage: [64]u8 align(16) = undefined;
    var arena = FrameArena.init(&storage);
    _ = try arena.alloc(u64, 8);
    try std.testing.expectError(FrameArena.Error.FrameMemoryExhausted, arena.alloc(u8, 1));
    arena.endFrame();
    try std.testing.expectEqual(@as(usize, 64), arena.high_water);
}
