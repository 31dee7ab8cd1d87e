package orders

// 订单 是顾客的一次购买。
type 订单 struct {
	编号  string
	金额  int64 // 单位：分
	已付款 bool
}

// 计算未付总额 把所有还没有付款的订单金额加起来。
func 计算未付总额(列表 []订单) int64 {
	var 合计 int64
	for _, 单 := range 列表 {
		if !单.已付款 {
			合计 += 单.金额
		}
	}
	return 合计
}
