// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Neighbours pay for a playground together, or everybody gets the money back
contract Crowdfund {
    enum Phase { Collecting, Funded, Failed }

    struct Milestone {
        string description;
        uint256 amount;
        bool paid;
    }

    error TooSmall(uint256 sent, uint256 minimum);
    error WrongPhase(Phase current);

    event Pledged(address indexed backer, uint256 amount, uint256 total);
    event MilestonePaid(uint256 indexed index, uint256 amount);

    uint256 public constant MINIMUM_PLEDGE = 0.001 ether;

    address public immutable organiser;
    uint256 public immutable goal;
    uint256 public immutable deadline;
    uint256 public collected;
    Milestone[] public milestones;
    mapping(address => uint256) public pledges;

    modifier onlyOrganiser() {
        require(msg.sender == organiser, "Crowdfund: caller did not start this campaign");
        _;
    }

    constructor(uint256 goal_, uint256 lastsDays) {
        organiser = msg.sender;
        goal = goal_;
        deadline = block.timestamp + lastsDays * 1 days;
    }

    function phase() public view returns (Phase) {
        if (collected >= goal) return Phase.Funded;
        return block.timestamp < deadline ? Phase.Collecting : Phase.Failed;
    }

    function pledge() external payable {
        if (phase() != Phase.Collecting) revert WrongPhase(phase());
        if (msg.value < MINIMUM_PLEDGE) revert TooSmall(msg.value, MINIMUM_PLEDGE);
        pledges[msg.sender] += msg.value;
        collected += msg.value;
        emit Pledged(msg.sender, msg.value, collected);
    }

    /// @notice Backers fetch their share themselves; sending to all in a loop could run out of gas.
    function reclaim() external {
        if (phase() != Phase.Failed) revert WrongPhase(phase());
        uint256 amount = pledges[msg.sender];
        // Forget the debt before paying it, or a hostile contract could call again in between.
        pledges[msg.sender] = 0;
        (bool ok, ) = msg.sender.call{value: amount}("");
        require(ok, "Crowdfund: transfer failed");
    }

    function addMilestone(string calldata description, uint256 amount) external onlyOrganiser {
        milestones.push(Milestone(description, amount, false));
    }

    /// @notice Pays the builder for one finished part, never the whole sum at once.
    function payMilestone(uint256 index, address payable builder) external onlyOrganiser {
        if (phase() != Phase.Funded) revert WrongPhase(phase());
        Milestone storage milestone = milestones[index];
        require(!milestone.paid, "Crowdfund: part is already paid");
        milestone.paid = true;
        emit MilestonePaid(index, milestone.amount);
        (bool ok, ) = builder.call{value: milestone.amount}("");
        require(ok, "Crowdfund: builder refused the money");
    }
}
