#pragma once

#include <array>
#include <memory>
#include <vector>

namespace atlas {

struct Point {
    double x;
    double y;
};

/// An axis-aligned box, left and top edges included, right and bottom ones not.
struct Box {
    double left, top, width, height;

    [[nodiscard]] bool contains(const Point& p) const {
        return p.x >= left && p.x < left + width && p.y >= top && p.y < top + height;
    }

    [[nodiscard]] bool overlaps(const Box& other) const {
        return left < other.left + other.width && other.left < left + width && top < other.top + other.height &&
               other.top < top + height;
    }
};

/// Finds the map pins inside the visible window without looking at all of them.
class Quadtree {
public:
    explicit Quadtree(Box bounds, int depth = 0) : bounds_(bounds), depth_(depth) {}

    /// False when the point lies outside the tree.
    bool insert(const Point& point);

    /// Appends every point within `window` to `found`.
    void query(const Box& window, std::vector<Point>& found) const;

private:
    static constexpr std::size_t kLeafCapacity = 8;
    static constexpr int kMaxDepth = 16;

    void split();

    Box bounds_;
    int depth_;
    std::vector<Point> points_;
    std::array<std::unique_ptr<Quadtree>, 4> children_;
};

}  // namespace atlas
