from cloakroom.racks import CloakroomFull, Racks


def test_the_nearest_hanger_is_taken_first():
    racks = Racks()
    racks.add(7, distance_m=9)
    racks.add(3, distance_m=2)
    assert [racks.take_nearest(), racks.take_nearest()] == [3, 7]


def test_a_full_cloakroom_says_so():
    try:
        Racks().take_nearest()
    except CloakroomFull as error:
        assert "overflow" in str(error)
