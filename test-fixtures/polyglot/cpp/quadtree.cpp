#include "quadtree.hpp"

namespace atlas {

bool Quadtree::insert(const Point& point) {
    if (!bounds_.contains(point)) {
        return false;
    }
    // Points in exactly the same place would divide the cell for ever; the depth limit ends that.
    if (!children_[0] && (points_.size() < kLeafCapacity || depth_ >= kMaxDepth)) {
        points_.push_back(point);
        return true;
    }
    if (!children_[0]) {
        split();
    }
    for (auto& child : children_) {
        if (child->insert(point)) {
            return true;
        }
    }
    return false;
}

void Quadtree::split() {
    const double w = bounds_.width / 2;
    const double h = bounds_.height / 2;
    for (int i = 0; i < 4; ++i) {
        const Box quarter{bounds_.left + (i % 2) * w, bounds_.top + (i / 2) * h, w, h};
        children_[i] = std::make_unique<Quadtree>(quarter, depth_ + 1);
    }
    for (const Point& point : points_) {
        for (auto& child : children_) {
            if (child->insert(point)) {
                break;
            }
        }
    }
    points_.clear();
}

void Quadtree::query(const Box& window, std::vector<Point>& found) const {
    if (!bounds_.overlaps(window)) {
        return;
    }
    for (const Point& point : points_) {
        if (window.contains(point)) {
            found.push_back(point);
        }
    }
    if (children_[0]) {
        for (const auto& child : children_) {
            child->query(window, found);
        }
    }
}

}  // namespace atlas
